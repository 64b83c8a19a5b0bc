// Members of a chat request that several backs read alike. Functions that may refuse answer `false`.

import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { isBlank } from "./blank";
import { Translation } from "./translation";
import { Items, Value } from "./value";

/** No bound on the number of stop texts. */
export const ANY_NUMBER: i32 = i32.MAX_VALUE;

const items = new Items();
const reader = new JsonReader();

/** `stop`, one text or several, as an array. `mend` is said of more than `most`. */
export function writeStopTexts(t: Translation, stop: Value, most: i32 = ANY_NUMBER, mend: string = ""): bool {
  t.json.arrayBegin();
  if (stop.isString) {
    stop.copyTo(t.json);
  } else {
    if (!items.begin(stop)) return t.refuseType("stop", "a string or an array of strings");
    while (items.next()) {
      if (!items.value.isString) return t.refuseType("stop", "a string or an array of strings");
      if (items.index == most) return t.refuseField("stop", mend);
      items.value.copyTo(t.json);
    }
  }
  t.json.arrayEnd();
  return true;
}

/** For providers that answer in text and nothing else. */
export function wantsTextOnly(t: Translation, modalities: Value): bool {
  if (!modalities.present) return true;
  if (!items.begin(modalities)) return t.refuseType("modalities", "an array");
  while (items.next()) {
    if (!items.value.is("text")) return t.refuseValue("modalities", items.value);
  }
  return true;
}

/** Chat carries the arguments of a call as a string that holds JSON, these providers as the JSON itself. */
export function writeArguments(t: Translation, functionArguments: Value): bool {
  if (functionArguments.present && !functionArguments.isString) return t.refuseType("function.arguments", "a string");
  if (!functionArguments.present || isBlank(functionArguments)) {
    t.json.objectBegin();
    t.json.objectEnd();
    return true;
  }
  if (!t.unescape(functionArguments)) return false;
  reader.reset(t.textPointer, t.textLength);
  const isObject = reader.next() == JsonToken.OBJECT_BEGIN && reader.skipRest();
  if (!isObject || reader.next() != JsonToken.END) {
    return t.refuseType("function.arguments", "a string that holds one JSON object");
  }
  t.json.raw(t.textPointer, t.textLength);
  return true;
}
