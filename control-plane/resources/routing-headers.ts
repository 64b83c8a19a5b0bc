// Which of the client's headers the rules of all model routes ask for: the filter keeps these and no others. Also the one in which a
// client declares what its request is about.
import { HEADER_TASK } from "../contract.js";
import type { ModelRoute } from "./model-route.js";

/** Names of the client's headers that rules ask for, in the order of the filter's table. */
export function routingHeaders(routes: readonly ModelRoute[]): readonly string[] {
  return [
    ...new Set(
      routes.flatMap(({ rules = [] }) =>
        rules.flatMap(({ when }) => [
          ...Object.keys(when.headers ?? {}),
          ...(when.taskClass === undefined ? [] : [HEADER_TASK]),
        ]),
      ),
    ),
  ].toSorted();
}
