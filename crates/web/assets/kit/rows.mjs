// The rows of the sample list. All people and numbers are invented.
const sample = [
  ["楽天 本店", "rakuten", "123456-20261122-0000910231", "見本 花子", "備前焼 湯呑 ほか2点", 6820, "カード", "ヤマト", "4900-1234-5670", "未連携", ""],
  ["Amazon", "amazon", "503-0000001-0000001", "試験 太郎", "片方だけの靴下 L", 1980, "Amazon", "ヤマト", "4900-1234-5681", "未連携", ""],
  ["楽天 本店", "rakuten", "123456-20261122-0000910198", "架空 次郎", "信楽 片口", 3300, "代金引換", "佐川", "3600-0000-0056", "未連携", "備考"],
  ["Yahoo!", "yahoo", "store-10000451", "注文 完了", "ギフト包装 3点", 12480, "PayPay", "ゆうパック", "6000-0000-1233", "正常", "ギフト"],
  ["Amazon", "amazon", "503-0000002-0000002", "仮名 よし子", "髙品質タオル ～今治～", 4400, "Amazon", "", "", "未連携", "配送番号なし"],
  ["au PAY", "aupay", "900012345", "見本 三郎", "米 5kg（軽減税率）", 2480, "au PAY", "ヤマト", "4900-1234-5704", "連携中", ""],
  ["Qoo10", "qoo10", "701234567", "見本 六子", "美容液 2本", 3960, "Qoo10", "ゆうパケ", "7100-0000-4421", "結果確認中", ""],
  ["MakeShop", "makeshop", "MS20261121-0312", "見本 八郎", "オーダー箸 名入れ", 2750, "振込", "ヤマト", "4900-1234-5726", "未連携", "高額"],
  ["楽天 本店", "rakuten", "123456-20261121-0000909954", "試験 七海", "のし付き 菓子折", 5400, "後払い", "未設定", "4900-1234-5715", "エラー", "住所不備の可能性"],
];
const mark = { 高額: "warn", 備考: "info", 住所不備の可能性: "bad", 配送番号なし: "warn", ギフト: "info" };
const state = { 正常: " ok", 連携中: " run", 結果確認中: " run", エラー: " bad", 未連携: "" };

export function rows(count = 50) {
  return Array.from({ length: count }, (_, at) => {
    const [shop, mall, mallId, buyer, item, amount, , carrier, tracking, notice, tag] = sample[at % sample.length];
    const no = `A-${10412 - at * 3}`;
    return `<tr data-row="${no}" id="row-${no}"><td class="tick"><input type="checkbox" name="id" value="${no}" aria-label="${no}を選択"></td>
<th scope="row"><a href="/order">${no}</a></th><td><i class="mall ${mall}"></i>${shop}</td><td class="mono cut wide" title="${mallId}">${mallId}</td>
<td class="mono wide">11/22 08:${String(58 - (at % 58)).padStart(2, "0")}</td><td>${buyer}${tag ? ` <span class="tag ${mark[tag]}">${tag}</span>` : ""}</td>
<td class="item" title="${item}">${item}</td><td class="num end">${amount.toLocaleString("ja-JP")}円</td><td class="mono wide">11/22</td>
<td data-label="配送">${carrier} <span class="mono">${tracking}</span></td><td class="end"><span class="state${state[notice]}">${notice}</span></td></tr>`;
  }).join("\n");
}
