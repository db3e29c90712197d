"""The second program behind the pinned hashes of memory-core's analyser (TX-1).

It shares nothing with the Rust code: normalisation and general categories come from unicodedata2 16.0.0, scripts from
fontTools 4.55.0 (Unicode 16.0.0), lower case from Python and, for what is newer than Python's own Unicode 14, from the list
below, stems from snowballstemmer 2.2.0, for the languages in which rust-stemmers 1.2 agrees with it on all that is tried.
Run it with Python 3.11 and `pip install unicodedata2==16.0.0 fonttools==4.55.0 snowballstemmer==2.2.0 xxhash`.
"""
import re
import sys

import snowballstemmer
import unicodedata2
import xxhash
from fontTools.unicodedata import script

assert unicodedata2.unidata_version == "16.0.0"

OWN_WORDS = {"Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr"}
# Capital letters of Unicode 16.0 that Unicode 14.0 does not have; Unicode 15 brought none.
LOWER = {0x1C89: 0x1C8A, 0xA7CB: 0x264, 0xA7CC: 0xA7CD, 0xA7DA: 0xA7DB, 0xA7DC: 0x19B}
LOWER.update({0x10D50 + i: 0x10D70 + i for i in range(22)})
# Where the random texts take their code points from.
BLOCKS = [(0x20, 0x250), (0x27, 0x28), (0x300, 0x370), (0x370, 0x600), (0x600, 0x700), (0x900, 0xE80), (0x1000, 0x1200),
          (0x1E00, 0x2100), (0x3040, 0x3100), (0xAC00, 0xB000), (0xFB00, 0xFF00), (0xFF00, 0xFFF0)]


def kind(c):
    category = unicodedata2.category(c)
    kind = "D" if category == "Nd" else category[0] if category[0] in "LM" else "'" if c == "'" else " "
    return "S" if kind in "LMD" and script(c) in OWN_WORDS else kind


def words(text):
    text = "".join(" " if unicodedata2.category(c) == "Cn" else c for c in text)
    text = unicodedata2.normalize("NFKC", text).replace("\u2019", "'")
    text = "".join(chr(LOWER[ord(c)]) if ord(c) in LOWER else c.lower() for c in text)
    kinds = re.sub("(LM*)'(?=L)", r"\1J", "".join(map(kind, text)))
    return [text[m.start():m.end()][:64] for m in re.finditer("S|[LMDJ]+", kinds)]


def fingerprint(texts, stem=lambda word: word):
    hash = xxhash.xxh3_128()
    for text in texts:
        stems = filter(None, map(stem, words(text)))
        hash.update("".join(stem + "\n" for stem in stems).encode() + b"\0")
    return hash.hexdigest()


def every_code_point():
    for point in range(sys.maxunicode + 1):
        if not 0xD800 <= point < 0xE000:
            c = chr(point)
            yield f"a{c}'b {c}'b"


def random_texts():
    state = 16
    for _ in range(20000):
        text = ""
        for _ in range(12):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            start, end = BLOCKS[(state >> 33) % len(BLOCKS)]
            text += chr(start + (state >> 40) % (end - start))
        yield text


def letters_in_words():
    for c in map(chr, range(0x2000)):
        yield f"{c}{c} b{c}ing{c}s {c}ية{c}ات пр{c}ение ελ{c}ησουν ப{c}ங்கள் evl{c}rimizden"


print("every code point", fingerprint(every_code_point()))
print("random texts", fingerprint(random_texts()))
for language in "arabic english german greek hungarian italian norwegian portuguese romanian spanish swedish tamil turkish".split():
    print(language, fingerprint(letters_in_words(), snowballstemmer.stemmer(language).stemWord))
