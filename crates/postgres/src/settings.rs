//! What a transaction says of itself: the server's policies compare rows with it.

/// Settings that last as long as one transaction (`set_config(.., true)`): names and values, given as parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    names: Vec<&'static str>,
    values: Vec<String>,
}

impl Settings {
    /// A transaction that says nothing: no guarded row is there for it.
    pub fn none() -> Self {
        Self::default()
    }

    /// That, and the setting `name` is `value`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.names.push(name);
        self.values.push(value.to_string());
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    pub(crate) fn values(&self) -> &[String] {
        &self.values
    }
}
