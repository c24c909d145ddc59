//! Buyers who do not exist, with names spread as Japanese names are: forty frequent surnames with their real shares, a
//! long tail of 10,000, 5,000 given names. Everybody follows from a number, so that needles need not be kept.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::LazyLock;

/// Frequent surnames: name, kana, share in per cent.
const TOP: [(&str, &str, f64); 40] = [
    ("佐藤", "サトウ", 1.50),
    ("鈴木", "スズキ", 1.43),
    ("高橋", "タカハシ", 1.12),
    ("田中", "タナカ", 1.06),
    ("伊藤", "イトウ", 0.85),
    ("渡辺", "ワタナベ", 0.84),
    ("山本", "ヤマモト", 0.83),
    ("中村", "ナカムラ", 0.83),
    ("小林", "コバヤシ", 0.81),
    ("加藤", "カトウ", 0.70),
    ("吉田", "ヨシダ", 0.66),
    ("山田", "ヤマダ", 0.65),
    ("佐々木", "ササキ", 0.53),
    ("山口", "ヤマグチ", 0.51),
    ("松本", "マツモト", 0.50),
    ("井上", "イノウエ", 0.49),
    ("木村", "キムラ", 0.46),
    ("林", "ハヤシ", 0.43),
    ("斎藤", "サイトウ", 0.43),
    ("清水", "シミズ", 0.42),
    ("山崎", "ヤマザキ", 0.38),
    ("森", "モリ", 0.37),
    ("池田", "イケダ", 0.36),
    ("橋本", "ハシモト", 0.36),
    ("阿部", "アベ", 0.35),
    ("石川", "イシカワ", 0.34),
    ("山下", "ヤマシタ", 0.33),
    ("中島", "ナカジマ", 0.32),
    ("石井", "イシイ", 0.31),
    ("小川", "オガワ", 0.31),
    ("前田", "マエダ", 0.30),
    ("岡田", "オカダ", 0.30),
    ("長谷川", "ハセガワ", 0.30),
    ("藤田", "フジタ", 0.30),
    ("後藤", "ゴトウ", 0.29),
    ("近藤", "コンドウ", 0.29),
    ("村上", "ムラカミ", 0.29),
    ("遠藤", "エンドウ", 0.26),
    ("青木", "アオキ", 0.26),
    ("坂本", "サカモト", 0.26),
];

/// Rare ones, each 1 in 100,000: two, three and four letters that occur nowhere else.
const RARE: [(&str, &str); 3] = [("纐纈", "コウケツ"), ("小鳥遊", "タカナシ"), ("勅使河原", "テシガワラ")];

// A letter and its reading each.
const FIRST: &str = "\
    青アオ 赤アカ 秋アキ 浅アサ 東アズマ 荒アラ 有アリ 飯イイ 五イガ 池イケ 石イシ 泉イズミ 磯イソ 板イタ 市イチ 稲イナ 今イマ 岩イワ 植ウエ 内ウチ 梅ウメ 江エ 榎エノ 大オオ \
    岡オカ 奥オク 小オ 落オチ 鬼オニ 笠カサ 梶カジ 片カタ 勝カツ 金カネ 鎌カマ 上カミ 亀カメ 川カワ 神カン 菊キク 岸キシ 北キタ 木キ 清キヨ 久ク 熊クマ 倉クラ 栗クリ \
    黒クロ 桑クワ 古コ 河コウ 駒コマ 斉サイ 坂サカ 桜サクラ 笹ササ 沢サワ 塩シオ 篠シノ 柴シバ 島シマ 下シモ 白シラ 杉スギ 須ス 関セキ 瀬セ 園ソノ 高タカ 滝タキ 武タケ \
    竹タケ 立タチ 田タ 玉タマ 千チ 塚ツカ 土ツチ 津ツ 鶴ツル 寺テラ 戸ト 徳トク 富トミ 豊トヨ 鳥トリ 中ナカ 永ナガ 成ナリ 西ニシ 根ネ 野ノ 萩ハギ 畑ハタ 服ハット \
    浜ハマ 早ハヤ 原ハラ 樋ヒ 平ヒラ 広ヒロ 深フカ";
const SECOND: &str = "\
    田タ 川カワ 山ヤマ 村ムラ 本モト 野ノ 井イ 藤フジ 口グチ 木キ 原ハラ 島シマ 沢サワ 崎サキ 橋ハシ 岡オカ 谷タニ 上ウエ 下シタ 内ウチ 瀬セ 尾オ 塚ツカ 浦ウラ \
    辺ベ 林バヤシ 森モリ 水ミズ 石イシ 岩イワ 松マツ 杉スギ 竹タケ 坂サカ 倉クラ 宮ミヤ 城シロ 町マチ 里サト 屋ヤ 部ベ 子コ 江エ 津ツ 浜ハマ 池イケ 沼ヌマ 根ネ \
    葉ハ 名ナ 見ミ 場バ 戸ト 羽ハ 越コシ 路ジ 條ジョウ 馬マ 熊クマ 亀カメ 鶴ツル 花ハナ 草クサ 畑ハタ 園ソノ 庭ニワ 垣ガキ 門カド 関セキ 寺デラ 神カミ 代シロ \
    生オ 間マ 形カタ 形ガタ 方カタ 所トコロ 地チ 目メ 目モク 手テ 足アシ 倉ゾウ 蔵クラ 堂ドウ 脇ワキ 端ハタ 先サキ 元モト 守モリ 光ミツ 平ヒラ 広ヒロ 高タカ 長ナガ \
    吉ヨシ 政マサ 住スミ";
const GIVEN_FIRST: &str = "\
    愛アイ 葵アオイ 明アキ 朝アサ 彩アヤ 綾アヤ 郁イク 一カズ 勇イサ 伊イ 栄エイ 恵エ 英ヒデ 遥ハル 和カズ 香カ 克カツ 佳カ 奏カナ 貴タカ 恭キョウ 京キョウ 清キヨ 邦クニ \
    圭ケイ 恵ケイ 健ケン 賢ケン 浩コウ 幸ユキ 咲サキ 沙サ 早サ 哲テツ 誠セイ 聖セイ 千チ 智トモ 知トモ 直ナオ 尚ナオ 奈ナ 夏ナツ 信ノブ 春ハル 陽ヨウ 久ヒサ 秀ヒデ \
    宏ヒロ 博ヒロ 史フミ 文フミ 冬フユ 正マサ 雅マサ 真マ 麻マ 美ミ 光ミツ 道ミチ 実ミ 睦ムツ 元モト 康ヤス 優ユウ 由ユ 義ヨシ 良ヨシ 莉リ 龍リュウ 瑠ル 玲レイ";
const GIVEN_SECOND: &str = "\
    子コ 美ミ 恵エ 香カ 奈ナ 菜ナ 花カ 華カ 佳カ 央オ 緒オ 音ネ 紀キ 希キ 季キ 貴キ 樹キ 輝キ 斗ト 人ト 登ト 也ヤ 哉ヤ 矢ヤ \
    弥ヤ 郎ロウ 朗ロウ 太タ 汰タ 介スケ 助スケ 輔スケ 祐スケ 平ヘイ 兵ヘイ 吾ゴ 悟ゴ 司ジ 二ジ 次ジ 治ジ 志シ 士シ 史シ 之ユキ 幸ユキ 行ユキ 雪ユキ \
    夫オ 男オ 雄オ 生オ 彦ヒコ 比ヒ 久ク 代ヨ 世ヨ 葉ハ 穂ホ 帆ホ 里リ 理リ 梨リ 莉リ 李リ 瑠ル 留ル 都ト 乃ノ 野ノ 絵エ 江エ";

/// Surnames of the tail.
const TAIL: usize = 10_000;

struct Tables {
    surnames: Vec<(String, String)>,
    /// Running sum of the shares.
    sums: Vec<f64>,
    given: Vec<(String, String)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(tables);

fn letters(list: &str) -> Vec<(String, String)> {
    let split = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|letter| (letter.to_string(), chars.as_str().to_owned()))
    };
    list.split_whitespace().filter_map(split).collect()
}

fn pairs(first: &str, second: &str) -> Vec<(String, String)> {
    let (first, second) = (letters(first), letters(second));
    // Walked across, so that neighbours in rank share no letter.
    let (n, m) = (first.len(), second.len());
    let mut all = Vec::with_capacity(n * m);
    for shift in 0..m {
        for (i, (a, a_kana)) in first.iter().enumerate() {
            if let Some((b, b_kana)) = second.get((i + shift) % m).filter(|(b, _)| b != a) {
                all.push((format!("{a}{b}"), format!("{a_kana}{b_kana}")));
            }
        }
    }
    all
}

fn tables() -> Tables {
    let mut surnames: Vec<(String, String)> =
        TOP.iter().map(|(n, k, _)| ((*n).into(), (*k).into())).collect();
    let mut shares: Vec<f64> = TOP.iter().map(|(_, _, share)| *share).collect();
    let known = |name: &str| TOP.iter().any(|(n, _, _)| *n == name);
    let tail: Vec<_> = pairs(FIRST, SECOND).into_iter().filter(|(n, _)| !known(n)).take(TAIL).collect();
    // Zipf from rank 41 on, together what the frequent ones leave.
    let weight = |rank: u32| 1.0 / f64::from(rank + 41);
    let all: f64 = (0_u32..).take(tail.len()).map(weight).sum();
    let left = 100.0 - shares.iter().sum::<f64>();
    shares.extend((0_u32..).take(tail.len()).map(|rank| left * weight(rank) / all));
    surnames.extend(tail);
    let mut sum = 0.0;
    let sums = shares
        .iter()
        .map(|share| {
            sum += share;
            sum
        })
        .collect();
    Tables { surnames, sums, given: pairs(GIVEN_FIRST, GIVEN_SECOND) }
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// Surname.
    pub family: String,
    /// Its kana.
    pub family_kana: String,
    /// Given name.
    pub given: String,
    /// Its kana.
    pub given_kana: String,
    /// Phone.
    pub phone: String,
    /// Mail.
    pub mail: String,
}

/// Who is somebody's number.
pub fn person(number: u64) -> Person {
    let mut rng = StdRng::seed_from_u64(number);
    let at = rng.random_range(0.0..100.0);
    let place = TABLES.sums.partition_point(|sum| *sum <= at);
    let mut family = TABLES.surnames.get(place).or(TABLES.surnames.last()).cloned().unwrap_or_default();
    let lot = rng.random_range(0..100_000_usize);
    if let Some((name, kana)) = RARE.get(lot) {
        family = ((*name).to_owned(), (*kana).to_owned());
    }
    let given = TABLES.given.get(rng.random_range(0..TABLES.given.len().max(1))).cloned().unwrap_or_default();
    Person {
        family: family.0,
        family_kana: family.1,
        given: given.0,
        given_kana: given.1,
        phone: format!("000-{:04}-{:04}", rng.random_range(0..10_000), rng.random_range(0..10_000)),
        mail: format!("{number:x}.{:08x}@pc.fw.example.invalid", rng.random::<u32>()),
    }
}

/// Buyer of an order, and recipient when it is somebody else: 25 % buy again, 22 % send to another.
pub fn people_of(order: u64) -> (Person, Option<Person>) {
    let mut rng = StdRng::seed_from_u64(order ^ 0x5eed_0000_0000_0000);
    let again = order > 0 && rng.random_bool(0.25);
    let buyer = if again { rng.random_range(0..order) } else { order };
    let other = rng.random_bool(0.22).then(|| person((1 << 40) + rng.random_range(0..=order)));
    (person(buyer), other)
}

/// Frequent surnames with their kana.
pub fn common() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOP.iter().map(|(name, kana, _)| (*name, *kana))
}

/// The rare surnames.
pub fn rare() -> [&'static str; 3] {
    RARE.map(|(name, _)| name)
}
