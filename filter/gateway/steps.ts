// What a request goes through, in this order; the first step that answers ends the exchange.

import { Operation } from "../contract";
import { isGemini } from "../operations";
import { admit } from "../policies/admit";
import { authorise } from "../policies/authorise";
import { identify } from "../policies/identify";
import { chooseModelRoute } from "../policies/model-route";
import { pinTarget } from "../policies/pin-target";
import { makePlan, pinPassed } from "../policies/plan";
import { readBodyAlone, readEnvelope } from "../policies/read-envelope";
import { reserve } from "../policies/reserve";
import { routeRequest } from "../routing/route-request";
import { Exchange, Step } from "./exchange";
import { answerModel, answerModelList } from "./models";

const BODY: Step[] = [
  identify,
  readEnvelope,
  authorise,
  chooseModelRoute,
  pinTarget,
  routeRequest,
  reserve,
  admit,
  makePlan,
];
/** The path names the model. */
const NAMED_MODEL: Step[] = [
  identify,
  readBodyAlone,
  authorise,
  chooseModelRoute,
  routeRequest,
  reserve,
  admit,
  makePlan,
];
const FORM: Step[] = [identify, authorise, chooseModelRoute, routeRequest, reserve, admit, makePlan];
/** Operations that the filter does not know, with a body that names the model, or one that nobody reads. */
const PASSED: Step[] = [
  identify,
  readEnvelope,
  authorise,
  chooseModelRoute,
  pinPassed,
  routeRequest,
  reserve,
  admit,
  makePlan,
];
const PASSED_UNREAD: Step[] = [
  identify,
  authorise,
  chooseModelRoute,
  pinPassed,
  routeRequest,
  reserve,
  admit,
  makePlan,
];
const MODEL_LIST: Step[] = [identify, answerModelList];
const MODEL: Step[] = [identify, authorise, chooseModelRoute, answerModel];

/** `isNamed`: the model is named in front of the body. */
export function stepsOf(exchange: Exchange, isNamed: bool): Step[] {
  if (exchange.isForm) return FORM;
  switch (exchange.operation) {
    case Operation.PASSED:
      return isNamed ? PASSED_UNREAD : PASSED;
    case Operation.MODELS_LIST:
      return MODEL_LIST;
    case Operation.MODELS_GET:
      return MODEL;
    default:
      return isGemini(exchange.operation) ? NAMED_MODEL : BODY;
  }
}

export function readsBody(steps: Step[]): bool {
  return steps == BODY || steps == NAMED_MODEL || steps == PASSED;
}
