// Texts cut into the tokens of OpenAI's o200k_base, as a model writes them one by one.

// biome-ignore format: one token a line would be five hundred lines
export const TOKENS = {
  english: [
    "Platform", " teams", " ask", " for", " one", " address", " that", " serves", " every", " model", ",",
    " because", " nobody", " wants", " to", " change", " an", " application", " when", " a", " provider", " changes",
    " its", " prices", ".", " A", " gateway", " answers", " that", " wish", ",", " and", " brings", " questions",
    " of", " its", " own", ".", " Who", " may", " call", " which", " model", ",", " and", " how", " often", "?",
    " What", " did", " last", " month", " cost", ",", " and", " which", " department", " caused", " it", "?",
    " When", " a", " client", " goes", " away", " in", " the", " middle", " of", " a", " stream", ",", " nobody",
    " has", " said", " what", " the", " model", " wrote", " until", " then", ",", " so", " the", " gateway", " has",
    " to", " guess", ".", " It", " looks", " at", " the", " words", " that", " passed", " and", " counts", " about",
    " one", " token", " for", " each", " of", " them", ",", " a", " little", " more", " for", " long", " ones", ",",
    " and", " one", " for", " every", " sign", " in", " between", ".", " For", " ordinary", " prose", " this",
    " comes", " close", " to", " what", " a", " tokenizer", " would", " say", ".", " The", " rest", " of", " the",
    " answer", " was", " never", " seen", " by", " anyone", ",", " and", " nobody", " should", " pay", " for", " it",
    " twice", ".", " Care", "ful", " readers", " will", " notice", " that", " a", " guess", " is", " still", " a",
    " guess", ",", " which", " is", " why", " such", " lines", " are", " marked", " and", " can", " be",
    " corrected", " later", " without", " changing", " history", ".",
  ],
  chinese: [
    "平台", "团队", "希望", "所有", "模型", "都有", "同", "一个", "地址", "，因为", "没有", "人", "愿", "意", "在", "供应", "商", "调整", "价格",
    "的时候", "修改", "应用", "程序", "。", "网", "关", "满足", "了", "这个", "愿", "望", "，同时", "也", "带", "来了", "新的", "问题", "。", "谁",
    "可以", "调用", "哪个", "模型", "，", "多久", "可以", "调用", "一次", "？", "上", "个月", "花", "了", "多少钱", "，是", "哪个", "部门", "花", "的",
    "？", "如果", "客户端", "在", "流", "的", "中", "间", "离", "开", "，没有", "人", "告诉", "我们", "模型", "已经", "写", "了", "多少", "内容",
    "，所以", "网", "关", "只能", "估", "算", "。", "它", "查看", "已经", "通过", "的", "文字", "，并", "按照", "字", "数", "计算", "大", "约",
    "有", "多少", "个", "词", "元", "。", "对于", "普通", "的", "文章", "来说", "，", "结果", "与", "分", "词", "器", "非常", "接", "近", "。",
    "其", "余", "的", "内容", "没有", "人", "看到", "过", "，也", "不", "应该", "为", "它", "付", "两", "次", "钱", "。", "细", "心", "的",
    "读", "者", "会", "发现", "，", "估", "算", "终", "究", "只是", "估", "算", "，因此", "这些", "记录", "都有", "标", "记", "，以", "后", "可以",
    "更", "正", "，而", "不会", "改变", "历史", "。",
  ],
} as const;
