//! A small JSON writer. Order documents are written straight into one string in the field order of the malls'
//! documents: a page of a hundred orders must cost milliseconds.

/// Writes one JSON text.
#[derive(Debug, Default)]
pub(crate) struct Json {
    out: String,
}

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes) }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// `"key":{…}`, or `{…}` when the key is empty.
    pub(crate) fn object(&mut self, key: &str, inside: impl FnOnce(&mut Self)) {
        if key.is_empty() {
            self.separate()
        } else {
            self.key(key)
        }
        self.out.push('{');
        inside(self);
        self.out.push('}');
    }

    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        each: impl Fn(&mut Self, T),
    ) {
        self.key(key);
        self.out.push('[');
        for item in items {
            each(self, item);
        }
        self.out.push(']');
    }

    /// Already written JSON.
    pub(crate) fn raw(&mut self, text: &str) {
        self.separate();
        self.out.push_str(text);
    }

    pub(crate) fn raw_field(&mut self, key: &str, text: &str) {
        self.key(key);
        self.out.push_str(text);
    }

    pub(crate) fn null(&mut self, key: &str) {
        self.raw_field(key, "null");
    }

    pub(crate) fn int(&mut self, key: &str, value: i64) {
        self.raw_field(key, &value.to_string());
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.raw_field(key, if value { "1" } else { "0" });
    }

    pub(crate) fn opt_int(&mut self, key: &str, value: Option<i64>) {
        match value {
            Some(value) => self.int(key, value),
            None => self.null(key),
        }
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value);
    }

    pub(crate) fn opt_text(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    /// A string as a list element.
    pub(crate) fn element(&mut self, value: &str) {
        self.separate();
        self.string(value);
    }

    fn string(&mut self, value: &str) {
        self.out.push('"');
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if u32::from(c) < 0x20 => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json() {
        let mut json = Json::default();
        json.object("", |j| {
            j.text("a", "q\"\\\n\u{1}終");
            j.opt_int("b", None);
            j.list("c", ["x", "y"], |j, s| j.element(s));
            j.list("d", [1, 2], |j, n| j.object("", |j| j.int("n", n)));
            j.object("e", |_| {});
        });
        let value: serde_json::Value = serde_json::from_str(&json.finish()).unwrap();
        let wanted =
            serde_json::json!({"a":"q\"\\\n\u{1}終","b":null,"c":["x","y"],"d":[{"n":1},{"n":2}],"e":{}});
        assert_eq!(value, wanted);
    }
}
