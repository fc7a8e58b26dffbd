"""The words by which other people's columns are known for the fields of a complaint, the surest first."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "number": (
        "number", "complaint number", "complaint id", "case number", "case id", "reference", "ticket",
        "unique key", "service request id", "service request num", "service request number", "request number",
        "sr number", "incident number", "report number", "complaint no", "case no", "ticket number",
        "ticket no", "登记编号", "投诉编号", "编号", "工单号", "工单编号", "流水号", "单号", "no", "id",
    ),
    "platform": (
        "platform", "平台", "平台名称", "电商平台", "company", "firm", "business", "merchant", "shop",
        "agency", "企业名称", "被投诉企业", "被投诉方", "商家名称", "公司", "店铺",
    ),
    "category": (
        "category", "complaint type", "request type", "service request type", "sr type", "problem", "issue",
        "问题类别", "类别", "投诉类型", "投诉类别", "问题类型", "type", "类型",
    ),
    "seller": ("seller", "seller type", "卖家类型", "商家类型", "经营方式", "是否自营"),
    "owner": (
        "owner", "department", "assigned to", "handler", "处理部门", "承办部门", "承办单位", "处理机构",
        "承办人", "经办人", "责任人",
    ),
    "policy": ("policy",),
    "received": (
        "received", "date received", "received date", "created", "created date", "date created", "opened",
        "submitted", "requested datetime", "came in", "open date", "open time", "open timestamp",
        "date opened", "opened date", "opened at", "created at", "creation date", "date submitted",
        "submission date", "date filed", "filed", "date reported", "reported", "report date", "request date",
        "date of receipt", "收到时间", "收到日期", "接收时间", "接收日期", "登记时间", "登记日期", "投诉时间",
        "投诉日期", "提交时间", "提交日期", "来件日期", "来件时间", "来电时间", "来信时间", "来访时间",
        "留言时间", "留言日期", "反映时间", "诉求时间", "创建时间", "创建日期", "举报时间",
    ),
    "forwarded": (
        "forwarded", "date sent to company", "date sent", "sent", "assigned", "转办时间", "转办日期",
        "分送时间", "派发时间", "交办时间",
    ),
    "completed": (
        "completed", "closed date", "date closed", "closed", "close date", "date close", "close time",
        "closed at", "close timestamp", "closing date", "resolved", "resolution date", "date of resolution",
        "finished", "completion date", "complete date", "date of completion", "end date", "answered",
        "answer date", "reply date", "response date", "办结时间", "办结日期", "完成时间", "完成日期",
        "完结时间", "完结日期", "结案时间", "结案日期", "答复时间", "答复日期", "回复时间", "回复日期",
        "反馈时间", "反馈日期", "关闭时间", "关闭日期", "解决时间", "结束时间",
    ),
    "withdrawn": ("withdrawn", "撤诉时间", "撤诉日期", "撤回时间"),
    "rejected": ("rejected", "不予受理时间", "不予受理日期"),
    "outcome": ("outcome", "result", "处理结果", "办理结果", "结果"),
    "amount": ("amount", "refunded", "sum paid", "赔付金额", "退款金额", "挽回经济损失", "金额"),
    "consumer": (
        "consumer", "customer", "complainant", "consumer name", "消费者姓名", "投诉人姓名", "投诉人",
        "消费者", "姓名",
    ),
    "phone": ("phone", "telephone", "mobile", "tel", "联系电话", "手机号码", "手机号", "手机", "电话"),
    "email": ("email", "e mail", "mail", "电子邮箱", "邮箱", "邮件"),
    "address": ("address", "consumer address", "消费者地址", "联系地址", "地址"),
    "summary": (
        "summary", "consumer complaint narrative", "customer complaint", "complaint text", "complaint",
        "description", "content", "details", "narrative", "descriptor", "诉求内容", "投诉内容", "问题描述",
        "内容", "摘要", "事由",
    ),
}  # fmt: skip

TAILS: Mapping[str, tuple[str, ...]] = {
    "consumer": ("full name", "last name", "first name", "names", "name", "的姓名", "姓名", "名称"),
    "phone": ("numbers", "number", "no", "nr", "号码", "号"),
    "email": ("addresses", "address", "id", "地址"),
    "address": ("line 1", "1"),
}
"""What may follow the word of a field of personal data at the end of a column's name; other words make it another."""

OF_OTHERS = (
    "company", "firm", "business", "merchant", "shop", "store", "seller", "agency", "office", "incident", "site",
    "企业", "商家", "公司", "店铺", "商户", "经营", "被投诉", "被举报", "单位", "机构", "事发", "平台", "ip",
)  # fmt: skip
"""What tells that a phone, an e-mail or an address is none of the consumer's."""

PLANNED = (
    "due", "expected", "target", "planned", "estimated", "promised", "scheduled", "projected", "deadline", "sla",
    "required", "应办", "应完", "应答", "应回", "应结", "应当", "要求", "预计", "预期", "计划", "拟", "截止", "到期",
    "期限", "时限", "限办", "限期", "最迟", "承诺", "目标",
)  # fmt: skip
"""What tells that a column's dates are those of what is to happen, and not of what did."""
