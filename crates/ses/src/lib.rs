//! Letters by the API of Amazon SES, version 2.
