"""Makes data/samples/double-eleven-2016.csv: an invented register of complaints. Run it to write the file anew.

Everything in it is made up, by one seed. It shares no code with dealtrack, so that it can speak against it.
"""

import csv
import io
import random
from datetime import date, datetime, timedelta
from pathlib import Path

SEED = 20161111
COUNT = 300
SAMPLE = Path(__file__).parent.parent / "data" / "samples" / "double-eleven-2016.csv"

COLUMNS = (
    "number", "platform", "category", "seller", "owner", "received", "forwarded", "completed", "withdrawn",
    "rejected", "outcome", "amount", "consumer", "phone", "email", "summary",
)  # fmt: skip

# Until when the register was kept: nothing in it happened later.
LAST = datetime(2016, 11, 18, 17, 30)

# The working days of November 2016 in China, by hand: no holiday, no make-up day, weekends 5-6, 12-13, 19-20, 26-27.
WORKED = {1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 28, 29, 30}

# How many complaints came in on each day of the month.
ARRIVALS = {1: 8, 2: 9, 3: 9, 4: 10, 5: 6, 6: 7, 7: 11, 8: 11, 9: 13, 10: 18, 11: 72, 12: 58, 13: 33, 14: 35}

PLATFORMS = {"JD": 38, "Tmall": 34, "Gome online": 14, "Amazon": 14}
OWNERS = ("消保科", "网监科", "朝阳所", "海淀所")

CATEGORIES = {"quality": 26, "delivery": 24, "mismatch": 18, "cancelled-order": 16, "advertising": 10, "other": 6}

GOODS = {
    "quality": ("羽绒服", "保温杯", "蓝牙耳机", "电饭煲", "运动鞋", "行车记录仪", "空气净化器", "儿童书包"),
    "delivery": ("冰箱", "洗衣机", "奶粉", "猫粮", "床垫", "电视机", "洗衣液", "书柜"),
    "mismatch": ("毛衣", "手机壳", "四件套", "茶叶", "皮带", "台灯", "拉杆箱", "平板电脑"),
    "cancelled-order": ("手机", "显卡", "游戏机", "净水器", "微波炉", "相机", "剃须刀", "笔记本电脑"),
    "advertising": ("面膜", "保健枕", "智能手表", "净水滤芯", "按摩椅", "护眼灯"),
    "other": ("礼品卡", "会员服务", "优惠券", "延保服务"),
}
STORIES = {
    "quality": (
        "{goods}收到后使用{n}天即出现故障，商家拒绝退换。",
        "{goods}有明显异味，怀疑不合格，要求退货退款。",
        "{goods}开箱即有破损，客服要求消费者自付运费。",
        "{goods}标注的材质与检测结果不一致，要求按规定赔偿。",
    ),
    "delivery": (
        "{goods}承诺次日达，付款{n}天后仍未发货。",
        "{goods}物流信息停滞{n}天，客服一再推诿。",
        "{goods}显示已签收，本人并未收到，快递员不接电话。",
        "{goods}约定送货上门，配送方要求自提。",
    ),
    "mismatch": (
        "{goods}颜色和型号与页面不符，商家只同意换货。",
        "订购的{goods}少发{n}件，商家称以实物为准。",
        "收到的{goods}为旧款，页面展示的是新款。",
        "{goods}的规格与订单不同，未拆封即被拒绝退货。",
    ),
    "cancelled-order": (
        "双十一付款成功的{goods}被商家单方面取消订单，称系统出错。",
        "{goods}下单{n}小时后被以无货为由取消，页面仍在销售。",
        "预付定金的{goods}尾款支付后被取消，定金未退。",
        "{goods}低价订单被砍单，要求按约发货。",
    ),
    "advertising": (
        "{goods}宣传“全网最低价”，活动后第{n}天反而降价。",
        "{goods}页面宣称有治疗效果，涉嫌虚假宣传。",
        "{goods}先提价后打折，原价从未成交过。",
    ),
    "other": (
        "{goods}无法使用，客服电话{n}次未接通。",
        "{goods}退款未到账，平台称须等待银行处理。",
        "{goods}自动续费且无法关闭。",
    ),
}
OUTCOMES = ("refund", "exchange", "repair", "compensation", "no-agreement")


def is_worked(day: date) -> bool:
    """Tell whether a day of November 2016 is a working day."""
    return day.day in WORKED


def working_day_after(day: date, n: int) -> date:
    """Return the n-th working day after a day of November 2016."""
    while n:
        day += timedelta(days=1)
        n -= is_worked(day)
    return day


def office_moment(dice: random.Random, day: date, after: datetime) -> datetime:
    """Return a moment in the office hours of a day, after another moment."""
    opening = max(datetime(day.year, day.month, day.day, 9), after + timedelta(minutes=dice.randint(5, 40)))
    closing = datetime(day.year, day.month, day.day, 17, 30)
    return opening if opening >= closing else opening + (closing - opening) * dice.random()


def step(dice: random.Random, after: datetime, weights: tuple[int, ...]) -> datetime:
    """Return when the next thing is done: so many working days after, 0 the same day where it is worked."""
    days = dice.choices(range(len(weights)), weights)[0]
    day = after.date()
    if days == 0 and is_worked(day) and after.hour < 17:
        return office_moment(dice, day, after)
    return office_moment(dice, working_day_after(day, max(days, 1)), after)


def written(moment: datetime | None) -> str:
    """Return a moment as the file has it."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment and moment <= LAST else ""


def complaint(dice: random.Random, number: int, received: datetime) -> dict[str, str]:
    """Return one invented complaint."""
    platform = dice.choices(list(PLATFORMS), list(PLATFORMS.values()))[0]
    category = dice.choices(list(CATEGORIES), list(CATEGORIES.values()))[0]
    seller = "third-party" if dice.random() < (0.75 if platform == "Tmall" else 0.45) else "platform"
    story = dice.choice(STORIES[category]).format(goods=dice.choice(GOODS[category]), n=dice.randint(2, 6))
    forwarded = completed = withdrawn = rejected = None
    fate = dice.random()
    if fate < 0.09:
        completed = step(dice, received, (60, 25, 15))
    elif fate < 0.13:
        withdrawn = step(dice, received, (60, 40))
    elif fate < 0.16:
        rejected = step(dice, received, (30, 70))
    else:
        forwarded = step(dice, received, (46, 50, 3, 1))
        end = step(dice, forwarded, (12, 40, 40, 5, 3))
        fate = dice.random()
        if fate < 0.04:
            withdrawn = end
        elif fate < 0.06:
            rejected = end
        elif fate < 0.97:
            completed = end
    outcome = amount = ""
    if completed and completed <= LAST:
        advance = seller == "third-party" and dice.random() < 0.22
        outcome = "advance-compensation" if advance else dice.choices(OUTCOMES, (45, 20, 10, 10, 15))[0]
        if outcome in ("advance-compensation", "refund", "compensation"):
            amount = f"{dice.randint(2900, 389900) / 100:.2f}"
    return {
        "number": f"BJ-2016-{number:03}",
        "platform": platform,
        "category": category,
        "seller": seller,
        "owner": dice.choice(OWNERS),
        "received": written(received),
        "forwarded": written(forwarded),
        "completed": written(completed),
        "withdrawn": written(withdrawn),
        "rejected": written(rejected),
        "outcome": outcome,
        "amount": amount,
        "consumer": f"测试用户{number:03}",
        "phone": f"{number:011}",
        "email": f"test{number:03}@example.com",
        "summary": story,
    }


def complaints() -> list[dict[str, str]]:
    """Return the invented complaints, in the order of their receipt."""
    dice = random.Random(SEED)
    arrivals = sorted(
        datetime(2016, 11, day) + timedelta(minutes=round(dice.triangular(0, 1439, 900 if day != 11 else 300)))
        for day, count in ARRIVALS.items()
        for _ in range(count)
    )
    return [complaint(dice, number, received) for number, received in enumerate(arrivals, 1)]


def sample() -> str:
    """Return the sample as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(complaints())
    return text.getvalue()


if __name__ == "__main__":
    SAMPLE.write_text(sample(), encoding="utf-8", newline="")
