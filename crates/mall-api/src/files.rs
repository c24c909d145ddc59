//! The other way in and out: files that people download from the mall (注文レポート, 注文CSV) and upload there (出荷CSV).
//! Pure functions over bytes; who reads the disk and what happens to the orders is not known here.

use crate::credentials::Settings;
use crate::source::FetchedOrder;
use domain::write::WantedParcel;
use domain::{MallOrderId, Reason, UtcMillis};

/// One kind of file a mall gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKind {
    /// Key (`orders`, `items`).
    pub key: &'static str,
    /// Japanese name, as the mall's screen says it.
    pub label: &'static str,
    /// Must be there for an import.
    pub required: bool,
}

/// One file as it came.
#[derive(Debug, Clone, Copy)]
pub struct InFile<'a> {
    /// Name, for messages.
    pub name: &'a str,
    /// Content.
    pub bytes: &'a [u8],
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Name of the file.
    pub file: String,
    /// Line in the file, from 1, heading included.
    pub line: u64,
    /// The order, where it could be told.
    pub mall_order_id: Option<MallOrderId>,
    /// What is wrong, naming the column. Holds no value of the row.
    pub what: String,
}

/// What files held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileReading {
    /// Orders that could be read.
    pub orders: Vec<FetchedOrder>,
    /// Rows that could not be read; their orders are not among `orders`.
    pub problems: Vec<RowProblem>,
    /// Things worth saying once (a column that is missing, postal codes that lost their zero in a spreadsheet).
    pub remarks: Vec<Reason>,
}

/// Orders by file. What the file does not hold is *not given*: it never wipes what an API import brought.
pub trait OrderFiles: Send + Sync {
    /// The files of one import.
    fn kinds(&self) -> &[FileKind];

    /// Which orders such files never hold (FRD-1): said where an order is looked for.
    fn never_holds(&self) -> Vec<Reason> {
        Vec::new()
    }

    /// Which kind a file is, from its heading.
    fn kind_of(&self, file: InFile<'_>) -> Option<&'static str>;

    /// Reads files of one import together, each with its kind.
    ///
    /// # Errors
    /// The files as a whole cannot be read (a heading is missing, a charset nobody knows), naming file and column.
    fn read(
        &self,
        files: &[(&'static str, InFile<'_>)],
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<FileReading, Reason>;
}

/// One shipment on its way into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileShipment {
    /// The order.
    pub mall_order_id: MallOrderId,
    /// The parcel as it shall stand at the mall.
    pub parcel: WantedParcel,
    /// Name of the carrier for files that want the name.
    pub carrier_name: String,
    /// 注文日時.
    pub ordered_at: UtcMillis,
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// File name the mall expects.
    pub name: String,
    /// `text/csv;charset=Shift_JIS` and the like.
    pub content_type: &'static str,
    /// Content.
    pub bytes: Vec<u8>,
    /// Rows without the heading.
    pub rows: usize,
}

/// A shipment that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentProblem {
    /// The order.
    pub mall_order_id: MallOrderId,
    /// Why (a character that the charset cannot hold, a missing number).
    pub reason: Reason,
}

/// Shipments by file.
pub trait ShipmentFiles: Send + Sync {
    /// Where the file is uploaded at the mall, Japanese, one sentence.
    fn place(&self) -> &'static str;

    /// Writes the file.
    ///
    /// # Errors
    /// Every shipment that cannot be written; nothing is written then.
    fn write(&self, shipments: &[FileShipment], settings: &Settings)
    -> Result<OutFile, Vec<ShipmentProblem>>;
}
