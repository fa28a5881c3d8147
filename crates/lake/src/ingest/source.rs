//! Where the bytes of an input come from: a file or a stream, plain or compressed, hashed and limited on the way.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::{InputError, InputLimits};

const READ_BYTES: usize = 128 << 10;
/// What the decoder of gzip says where no member begins; a test holds it to that.
const NO_MEMBER: &str = "invalid gzip header";

/// What to ingest. One input is one batch.
pub enum Input {
    /// A file; its name says what it holds: `.ndjson`, `.jsonl` or `.json` and names without an ending are plain NDJSON,
    /// `.gz` and `.zst` compressed NDJSON, `.parquet` is Parquet.
    File(PathBuf),
    /// NDJSON from anywhere.
    Stream(Box<dyn Read + Send>, Compression),
}

/// How NDJSON is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip, one or more members (RFC 1952).
    Gzip,
    /// zstd, one or more frames (RFC 8878).
    Zstd,
}

/// An input whose form is known.
pub(crate) enum Opened {
    Lines(Box<ByteSource>),
    Parquet(File),
}

impl Input {
    /// Opens the input.
    pub(crate) fn open(self, limits: &InputLimits) -> Result<Opened, InputError> {
        let (reader, compression): (Box<dyn Read + Send>, _) = match self {
            Self::Stream(reader, compression) => (reader, compression),
            Self::File(path) => {
                let form = form(&path)?;
                let file = File::open(&path).map_err(InputError::Read)?;
                match form {
                    Some(compression) => (Box::new(file), compression),
                    None => return Ok(Opened::Parquet(file)),
                }
            }
        };
        ByteSource::new(reader, compression, limits).map(|source| Opened::Lines(Box::new(source)))
    }
}

/// The compression a name tells, or `None` for Parquet.
fn form(path: &Path) -> Result<Option<Compression>, InputError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        None | Some("ndjson" | "jsonl" | "json") => Ok(Some(Compression::Plain)),
        Some("gz") => Ok(Some(Compression::Gzip)),
        Some("zst") => Ok(Some(Compression::Zstd)),
        Some("parquet") => Ok(None),
        Some(other) => Err(InputError::Extension(other.to_owned())),
    }
}

/// Decompressed bytes, limited before memory is taken, and the hash of the bytes as they came.
pub(crate) struct ByteSource {
    decoder: Decoder,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    from: usize,
    to: usize,
    decompressed: u64,
    limit: u64,
}

enum Decoder {
    Plain(Hashed),
    Gzip(Box<MultiGzDecoder<BufReader<Hashed>>>),
    Zstd(ZstdDecoder<'static, BufReader<Hashed>>),
}

/// The compressed side: counts and hashes what passes.
struct Hashed {
    reader: Box<dyn Read + Send>,
    hasher: blake3::Hasher,
    bytes: u64,
    limit: u64,
    /// Why reading stopped: the decoders above would blur it.
    stopped: Option<Stop>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Failed,
    TooLarge,
}

impl ByteSource {
    fn new(reader: Box<dyn Read + Send>, compression: Compression, limits: &InputLimits) -> Result<Self, InputError> {
        let limit = limits.compressed_bytes.unwrap_or(u64::MAX);
        let raw = Hashed { reader, hasher: blake3::Hasher::new(), bytes: 0, limit, stopped: None };
        let buffered = |raw| BufReader::with_capacity(READ_BYTES, raw);
        let decoder = match compression {
            Compression::Plain => Decoder::Plain(raw),
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(buffered(raw)))),
            Compression::Zstd => {
                let mut decoder = ZstdDecoder::with_buffer(buffered(raw)).map_err(InputError::Read)?;
                decoder.window_log_max(limits.zstd_window_log).map_err(InputError::Read)?;
                Decoder::Zstd(decoder)
            }
        };
        let limit = limits.decompressed_bytes.unwrap_or(u64::MAX);
        Ok(Self { decoder, buffer: vec![0; READ_BYTES], from: 0, to: 0, decompressed: 0, limit })
    }

    /// The next bytes, empty at the end of the input. Only there the input was read whole and found sound.
    pub fn fill(&mut self) -> Result<&[u8], InputError> {
        if self.from == self.to {
            self.from = 0;
            self.to = self.read_more()?;
            self.decompressed += self.to as u64;
            if self.decompressed > self.limit {
                return Err(InputError::TooLarge { what: "decompressed", limit_bytes: self.limit });
            }
        }
        Ok(&self.buffer[self.from..self.to])
    }

    /// Says how many of the bytes of [`Self::fill`] were used.
    pub fn consume(&mut self, bytes: usize) {
        self.from = (self.from + bytes).min(self.to);
    }

    /// BLAKE3 of the input as it came, in lower-case hex. Meant for its end.
    pub fn blake3_hex(&self) -> String {
        self.raw().hasher.finalize().to_hex().to_string()
    }

    fn read_more(&mut self) -> Result<usize, InputError> {
        loop {
            let read = match &mut self.decoder {
                Decoder::Plain(raw) => raw.read(&mut self.buffer),
                Decoder::Gzip(decoder) => decoder.read(&mut self.buffer),
                Decoder::Zstd(decoder) => decoder.read(&mut self.buffer),
            };
            match read {
                Ok(length) => return Ok(length),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    fn explain(&self, source: io::Error) -> InputError {
        let (raw, format) = (self.raw(), self.format());
        match (raw.stopped, format) {
            (Some(Stop::TooLarge), _) => InputError::TooLarge { what: "compressed", limit_bytes: raw.limit },
            (Some(Stop::Failed), _) | (None, None) => InputError::Read(source),
            (None, Some(format)) if source.kind() == ErrorKind::UnexpectedEof => {
                InputError::Truncated { format, position: raw.bytes }
            }
            // The decoder of the next member found none, behind at least one that was whole.
            (None, Some("gzip")) if self.decompressed > 0 && source.to_string() == NO_MEMBER => {
                InputError::Trailing { position: raw.bytes }
            }
            (None, Some(format)) => InputError::Compression { format, position: raw.bytes, source },
        }
    }

    fn raw(&self) -> &Hashed {
        match &self.decoder {
            Decoder::Plain(raw) => raw,
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    fn format(&self) -> Option<&'static str> {
        match &self.decoder {
            Decoder::Plain(_) => None,
            Decoder::Gzip(_) => Some("gzip"),
            Decoder::Zstd(_) => Some("zstd"),
        }
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer).inspect_err(|error| {
            if error.kind() != ErrorKind::Interrupted {
                self.stopped = Some(Stop::Failed);
            }
        })?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        if self.bytes > self.limit {
            self.stopped = Some(Stop::TooLarge);
            return Err(io::Error::other("over the limit"));
        }
        Ok(read)
    }
}

/// BLAKE3 of a whole file in lower-case hex; the file stands at its beginning again afterwards.
pub(crate) fn hash_file(file: &mut File, limits: &InputLimits) -> Result<String, InputError> {
    let reader = Box::new(file.try_clone().map_err(InputError::Read)?);
    let mut source = ByteSource::new(reader, Compression::Plain, limits)?;
    loop {
        let length = source.fill()?.len();
        if length == 0 {
            break;
        }
        source.consume(length);
    }
    io::Seek::rewind(file).map_err(InputError::Read)?;
    Ok(source.blake3_hex())
}
