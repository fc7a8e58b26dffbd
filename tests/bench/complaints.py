"""Invented complaints in the shape of real ones, as CSV, made by a seed: bursts at the sales, few platforms with most.

It shares no code with dealtrack. All but `overdue` and `running` of them are closed, most of them in time.
"""

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

FIRST = date(2014, 1, 2)
LAST = date(2016, 11, 14)
NOW = "2016-11-15T09:00:00+08:00"
"""When the register is asked: the morning after the last complaint."""

COLUMNS = (
    "number,platform,category,seller,owner,received,forwarded,completed,withdrawn,rejected,outcome,amount,consumer,"
    "phone,email,summary"
)
PLATFORMS = {
    "JD": 300,
    "Tmall": 280,
    "Gome online": 60,
    "Amazon": 45,
    **{f"Platform {n}": 60 // n for n in range(5, 30)},
}
CATEGORIES = {"quality": 30, "delivery": 25, "mismatch": 18, "cancelled-order": 12, "advertising": 8, "other": 7}
OWNERS = ("消保科", "网监科", "朝阳所", "海淀所", "东城所", "西城所", "丰台所", "通州所")
GOODS = ("羽绒服", "保温杯", "蓝牙耳机", "电饭煲", "冰箱", "洗衣机", "奶粉", "毛衣", "手机", "显卡", "面膜", "净水器")
STORIES = (
    "{goods}收到后使用{n}天即出现故障，商家拒绝退换。",
    "{goods}承诺次日达，付款{n}天后仍未发货，客服一再推诿。",
    "双十一付款成功的{goods}下单{n}小时后被商家单方面取消订单，称系统出错。",
    "{goods}宣传“全网最低价”，活动后第{n}天反而降价。",
    "订购的{goods}少发{n}件，商家称以实物为准。",
)
SUMMARIES = [story.format(goods=goods, n=n) for story in STORIES for goods in GOODS for n in range(2, 40)]
OUTCOMES = {
    "refund": 45,
    "exchange": 20,
    "repair": 10,
    "compensation": 10,
    "no-agreement": 10,
    "advance-compensation": 5,
}

QUIET = timedelta(days=10)
"""Before the end: what is overdue was received earlier, and what comes later is closed at first contact or runs."""


def arrivals(count: int) -> Iterator[date]:
    """Yield the day of receipt of each of so many complaints, in order: three times as many in June's sales, eight in November's."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    weights = [_weight(day) for day in days]
    for n, (before, upto) in enumerate(zip((0, *accumulate(weights)), accumulate(weights), strict=False)):
        total = sum(weights)
        for _ in range(count * before // total, count * upto // total):
            yield days[n]


def _weight(day: date) -> int:
    if day.month == 11 and 11 <= day.day <= 20:
        return 80
    if day.month == 6 and 10 <= day.day <= 20:
        return 30
    return 10 if day.weekday() < 5 else 7


def _worked_after(day: date, n: int) -> date:
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5
    return day


def rows(count: int, overdue: int, running: int, seed: int = 11) -> Iterator[str]:
    """Yield complaints as lines of CSV, by the day of receipt: so many overdue, then so many running at the end."""
    dice = random.Random(seed)
    pick = dice.random
    quiet = LAST - QUIET
    days = list(arrivals(count)) if count < 100_000 else None
    old = sum(day < quiet for day in (days or arrivals(count)))
    left = set(dice.sample(range(old), min(overdue, old)))
    platforms, platform_weights = list(PLATFORMS), list(accumulate(PLATFORMS.values()))
    categories, category_weights = list(CATEGORIES), list(accumulate(CATEGORIES.values()))
    outcomes, outcome_weights = list(OUTCOMES), list(accumulate(OUTCOMES.values()))
    every_day = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    after = {day: [day, *(_worked_after(day, n) for n in range(1, 5))] for day in every_day}
    for n, day in enumerate(days or arrivals(count)):
        fate = pick()
        hour = f"{8 + int(pick() * 10):02d}:{int(pick() * 60):02d}"
        forwarded = completed = withdrawn = rejected = outcome = amount = ""
        if n in left:
            forwarded = f"{after[day][1]} 11:{int(pick() * 60):02d}" if fate < 0.6 else ""
        elif n >= count - running:
            pass
        elif day >= quiet or fate < 0.1:
            completed = f"{day} 18:{int(pick() * 60):02d}"
        elif fate < 0.13:
            withdrawn = f"{after[day][1]} 10:{int(pick() * 60):02d}"
        elif fate < 0.15:
            rejected = f"{after[day][1]} 10:{int(pick() * 60):02d}"
        else:
            later = after[day][2 if fate > 0.98 else 1]
            forwarded = f"{later} 11:{int(pick() * 60):02d}"
            completed = f"{_next(after, later, 3 if fate > 0.95 else 1 + (fate > 0.5))} 15:{int(pick() * 60):02d}"
        if completed:
            outcome = outcomes[bisect(outcome_weights, pick() * outcome_weights[-1])]
            amount = f"{29 + pick() * 3870:.2f}" if pick() < 0.6 else ""
        platform = platforms[bisect(platform_weights, pick() * platform_weights[-1])]
        category = categories[bisect(category_weights, pick() * category_weights[-1])]
        phone = f"1{30 + n % 60}{int(pick() * 1e8):08d}"
        yield (
            f"{day.year}-{n + 1:08d},{platform},{category},{'third-party' if pick() < 0.6 else 'platform'},"
            f"{OWNERS[int(pick() * 8)]},{day} {hour},{forwarded},{completed},{withdrawn},{rejected},{outcome},{amount},"
            f"消费者{n % 9973},{phone},{f'user{n}@example.com' if fate < 0.3 else ''},{SUMMARIES[int(pick() * len(SUMMARIES))]}\n"
        )


def _next(after: dict[date, list[date]], day: date, n: int) -> date:
    found = after.get(day)
    return found[n] if found else _worked_after(day, n)


def write(path: Path, count: int, overdue: int, running: int) -> None:
    """Write so many complaints to a file, where it is not there already."""
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(COLUMNS + "\n")
        file.writelines(rows(count, overdue, running))
    draft.rename(path)
