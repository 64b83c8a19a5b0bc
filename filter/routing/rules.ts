// Which rule of a model route a request matches: the first all of whose conditions hold. The last rule has none.

import { conditionCount, firstCondition, ruleAt, ruleCount } from "../config/route-view";
import { CONDITION_HEADER_BYTES, Condition } from "../contract";
import { Exchange } from "../gateway/exchange";
import { covers, Lease } from "../state/lease";
import { facts } from "./facts";

export function findRule(exchange: Exchange): usize {
  const base = exchange.config!.base;
  const last = ruleCount(exchange.route) - 1;
  for (let i = 0; i < last; i++) {
    const rule = ruleAt(base, exchange.route, i);
    if (matches(base, rule, exchange)) return rule;
  }
  return ruleAt(base, exchange.route, last);
}

function matches(base: usize, rule: usize, exchange: Exchange): bool {
  let condition = firstCondition(base, rule);
  for (let left = conditionCount(rule); left > 0; left--) {
    if (!holds(condition, exchange)) return false;
    condition += <usize>load<u16>(condition, 2);
  }
  return true;
}

function holds(condition: usize, exchange: Exchange): bool {
  const small: i32 = load<u8>(condition, 1);
  const body = condition + CONDITION_HEADER_BYTES;
  switch (<i32>load<u8>(condition)) {
    case Condition.STREAMING:
      return exchange.streaming == (small != 0);
    case Condition.TOOLS:
      return facts.hasTools == (small != 0);
    case Condition.IMAGES:
      return facts.hasImages == (small != 0);
    case Condition.OPERATION:
      return ((load<u64>(body) >> exchange.operation) & 1) != 0;
    case Condition.INPUT_TOKENS: {
      const tokens = facts.inputTokens;
      return tokens >= <i64>load<u32>(body) && tokens <= <i64>load<u32>(body, 4);
    }
    case Condition.PRINCIPAL: {
      const id = principal(exchange.lease!, small);
      return anyCovers(body, id + 2, load<u16>(id));
    }
    case Condition.MODEL:
      return anyCovers(body, exchange.modelPointer, exchange.modelLength);
    case Condition.HEADER: {
      const value = exchange.routingHeader(small);
      return value != 0 && anyCovers(body, value + 2, load<u16>(value));
    }
    case Condition.TASK: {
      const declared = exchange.routingHeader(small);
      if (declared != 0) return anyCovers(body + 4, declared + 2, load<u16>(declared));
      const name = facts.taskClass(exchange.config!, load<i32>(body));
      return name != 0 && anyCovers(body + 4, name + 2, load<u16>(name));
    }
    case Condition.METADATA: {
      if (!facts.findMetadata(body + 2, load<u16>(body))) return false;
      return anyCovers(body + 2 + <usize>load<u16>(body), facts.metadataPointer, facts.metadataLength);
    }
    default:
      return false;
  }
}

function principal(lease: Lease, level: i32): usize {
  switch (level) {
    case 0:
      return lease.tenant;
    case 1:
      return lease.department;
    case 2:
      return lease.application;
    default:
      return lease.consumer;
  }
}

/** `list`: a u16 count of patterns, then a str16 each. */
function anyCovers(list: usize, text: usize, length: i32): bool {
  let pattern = list + 2;
  for (let left: i32 = load<u16>(list); left > 0; left--) {
    if (covers(pattern + 2, load<u16>(pattern), text, length)) return true;
    pattern += 2 + <usize>load<u16>(pattern);
  }
  return false;
}
