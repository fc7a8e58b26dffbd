"""Makes a register with every kind of entry in it, to be kept as what one schema version left behind.

`python -m tests.make_register` writes tests/data/register-schema-N.db.xz, N being the version of the code that runs.
It is run once, before the schema is changed; what stands there is never made anew. All in it is invented.
"""

import lzma
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from dealtrack.register.engine import VERSION
from tests.conftest import Clerk

DATA = Path(__file__).parent / "data"
EVIDENCE = b"an invented receipt"

DAYS = """
2016-11-01T09:00 add --platform JD --category quality --number BJ-2016-001 --seller third-party --owner 网监科 --summary 运动鞋有明显异味 --consumer 张三 --phone 13800001234 --email zhang@example.org --address 北京市某路1号
2016-11-01T09:10 add --platform Tmall --category delivery --number BJ-2016-002 --consumer 李四 --phone 13900005678
2016-11-01T09:20 add --platform Amazon --category mismatch --summary 收到的商品与描述不符
2016-11-01T09:30 add --platform JD --policy samr-complaint
2016-11-01T09:40 add --platform Tmall --policy odr --number BJ-2016-005
2016-11-01T09:50 add --platform JD --at 2016-10-31
2016-11-02T10:00 forward 1 2 3
2016-11-02T10:10 accept 4
2016-11-02T10:20 note 1 --note 消费者将寄来照片
2016-11-02T10:30 hand-on 2 --to 消保科
2016-11-03T09:00 pause 2 --reason 商品送检
2016-11-03T09:30 complete 3 --outcome refund --amount 199.00
2016-11-07T09:00 resume 2
2016-11-07T09:10 extend 2 --clock complete --by 1 --reason 卖家在国外
2016-11-07T09:20 complete 1 --outcome advance-compensation --amount 88.50
2016-11-08T09:00 reopen 1 --reason 退款未到账
2016-11-08T09:10 withdraw 5 --reason 已和解
2016-11-08T09:20 reject 6 --reason 无明确被投诉人
2016-11-08T09:30 evidence 1 --file {evidence}
2016-11-08T09:40 amend 2 --category cancelled-order --phone 13700001111
2016-11-08T09:50 void 3 --reason 误录
2016-11-09T09:00 platform add 淘集集 --green-channel yes
2016-11-09T09:10 platform edit 淘集集 --alias Taojiji
2016-11-09T09:20 platform check JD --channels phone,wechat --finding 页面上没有邮箱
2016-11-10T09:00 calendar amend 2016-11-14 --off --name 大风 --source 通知七 --yes
2016-11-10T09:10 recheck --include-closed
2016-11-10T09:20 erase 2 --reason 消费者申请 --yes
2016-11-11T09:00 add --platform 淘集集 --number BJ-2016-007 --seller platform --owner 朝阳所
2016-11-11T09:10 pause 4 --reason 检测
"""


def make(clerk: Clerk, evidence: Path, *init: str) -> None:
    """Type the days to a register; evidence is attached from a file with the content of EVIDENCE."""
    evidence.write_bytes(EVIDENCE)
    clerk("init", *init, now="2016-10-31T08:00:00+08:00").ok()
    for line in DAYS.strip().splitlines():
        at, *words = line.format(evidence=evidence).split()
        clerk(*words, now=f"{at}:00+08:00").ok()


def kept() -> dict[int, Path]:
    """Return the registers that are kept, by schema version."""
    return {int(path.name.split("-")[2].split(".")[0]): path for path in sorted(DATA.glob("register-schema-*.db.xz"))}


@cache
def _content(version: int) -> bytes:
    return lzma.decompress(kept()[version].read_bytes())


def unpack(version: int, db: Path) -> None:
    """Put the register of a schema version at a place, with its evidence."""
    db.touch(0o600)
    db.write_bytes(_content(version))
    digest = sha256(EVIDENCE).hexdigest()
    shelf = db.with_name(f"{db.name}.evidence") / digest[:2]
    shelf.mkdir(mode=0o700, parents=True)
    (shelf / digest).write_bytes(EVIDENCE)


def main() -> None:
    """Write the register of this schema version, unless it stands there."""
    target = DATA / f"register-schema-{VERSION}.db.xz"
    if target.exists():
        sys.exit(f"{target} is kept as it was made")
    with TemporaryDirectory() as folder:
        clerk = Clerk(Path(folder), Path(folder) / "register.db")
        make(clerk, Path(folder) / "receipt.txt")
        copy = Path(folder) / "copy.db"
        clerk("backup", copy).ok()
        target.write_bytes(lzma.compress(copy.read_bytes(), preset=9))
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
