// What an operator might declare: two classes of twenty examples, and lines to try them on.
import type { TaskClass } from "../../control-plane/classifier/examples.js";

export const OWN_CLASSES: readonly TaskClass[] = [
  {
    name: "legal",
    examples: [
      "Does this clause limit our liability for indirect damages?",
      "Draft a non-disclosure agreement with a supplier",
      "What notice period applies if we terminate the lease early?",
      "Summarise the tenant's obligations under this contract",
      "Is a verbal agreement binding in this case?",
      "Check whether the terms of service allow arbitration",
      "Which court has jurisdiction over this dispute?",
      "Explain the warranty and indemnity provisions in plain words",
      "Review the employment contract for non-compete restrictions",
      "Can the licensor revoke the licence without cause?",
      "这份租赁合同的违约金条款有效吗",
      "帮我看看劳动合同里的竞业限制",
      "对方拒绝付款，可以起诉吗，诉讼时效多久",
      "起草一份保密协议，双方都是公司",
      "公司章程和股东协议冲突时以哪个为准",
      "解除合同需要提前几天书面通知",
      "这条免责声明在法律上站得住脚吗",
      "仲裁裁决作出之后还能上诉吗",
      "商标侵权的赔偿怎么计算",
      "请审查供货协议中的管辖法院约定",
    ],
  },
  {
    name: "smalltalk",
    examples: [
      "hi, how is your day going?",
      "haha, good one",
      "I slept so badly last night",
      "my cat is being silly again",
      "good morning sunshine",
      "I'm bored, let's chat",
      "do you like pizza?",
      "thanks, you're so sweet",
      "what a lovely evening",
      "see you tomorrow, bye",
      "你好呀，今天过得怎么样",
      "哈哈哈你太逗了",
      "我昨晚没睡好，好困",
      "晚安，做个好梦",
      "好无聊，陪我聊聊天",
      "你喜欢吃火锅吗",
      "今天的晚霞真美",
      "谢谢你呀，真贴心",
      "周末去哪里玩了",
      "下班啦，开心",
    ],
  },
];

export const OWN_LINES: readonly (readonly [text: string, name: string])[] = [
  ["Is the termination clause in this agreement enforceable?", "legal"],
  ["Who bears liability under the contract if goods arrive late?", "legal"],
  ["合同里没写违约金，可以要求赔偿吗", "legal"],
  ["good night, see you", "smalltalk"],
  ["今天好困呀，聊聊天吧", "smalltalk"],
];
