"""Makes holidays.txt, the list of national holidays.

    npm pack @holiday-jp/holiday_jp@2.5.1                       (unpacked into DIR)
    pip install holidays==0.109                                 (in an environment outside this repository)
    python crates/japan/data/make_holidays.py DIR/package/lib/holidays.js

Days from 1970 are those of holiday_jp; the years before, which it lacks, are those of the Python package `holidays`.
Where both speak they must name the same days, else nothing is written.
"""

import collections
import pathlib
import re
import sys

import holidays

FIRST, LAST, HOLIDAY_JP_BEGINS = 1955, 2030, 1970
ENTRY = re.compile(r'date: "(\d{4}-\d\d-\d\d)",.*?name: "([^"]*)"', re.DOTALL)


def main():
    ours = {day: name for day, name in ENTRY.findall(pathlib.Path(sys.argv[1]).read_text()) if int(day[:4]) <= LAST}
    japan = holidays.Japan(years=range(FIRST, LAST + 1), language="ja")
    theirs = {day.isoformat(): name for day, name in japan.items()}
    differing = set(ours) ^ {day for day in theirs if int(day[:4]) >= HOLIDAY_JP_BEGINS}
    assert not differing, sorted(differing)
    ours |= {day: name for day, name in theirs.items() if int(day[:4]) < HOLIDAY_JP_BEGINS}
    years = collections.defaultdict(list)
    for day in sorted(ours):
        years[day[:4]].append(f"{day[5:]} {ours[day]}")
    lines = ["\t".join([year, *days]) for year, days in sorted(years.items())]
    (pathlib.Path(__file__).parent / "holidays.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(ours)} days")


if __name__ == "__main__":
    main()
