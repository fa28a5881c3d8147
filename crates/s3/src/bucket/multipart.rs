//! Objects in parts: begun, filled by bytes or by ranges of other objects, completed or aborted.

use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, ServerSideEncryption,
};
use bytes::Bytes;
use crc64::Crc64;
use domain::time::Micros;
use fail::fail_point;

use super::objects::micros;
use super::{Bucket, checksum_text};
use crate::S3Error;
use crate::error::COMPLETE;

/// Most bytes that the server copies in a try, for its deadline: it does about 100 MB a second and more.
const COPIED_BYTES_PER_SENT_BYTE: u64 = 64;

/// An object that is being uploaded in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadId {
    /// The object's key, relative to the prefix.
    pub key: String,
    /// The server's name for the upload.
    pub id: String,
}

/// What the server says a part is, told back to it at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTag(String);

/// An upload that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Which.
    pub upload: UploadId,
    /// When it was begun, by the server's clock.
    pub begun: Option<Micros>,
}

impl Bucket {
    /// Begins an object in parts. The server is to keep the CRC-64/NVME of the whole object.
    ///
    /// An answer that is lost leaves an upload that nobody knows of; it is found by [`Bucket::unfinished`].
    pub async fn begin(&self, key: &str) -> Result<UploadId, S3Error> {
        let id = self.call("CreateMultipartUpload", 0, |_| self.begin_once(key)).await?;
        fail_point!("s3.upload.begun");
        Ok(UploadId { key: key.to_owned(), id })
    }

    async fn begin_once(&self, key: &str) -> Result<String, S3Error> {
        let call = "CreateMultipartUpload";
        let begin = self.client().create_multipart_upload().bucket(self.name()).key(self.key(key));
        let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::FullObject);
        let encryption = self.inner.kms_key.is_some().then_some(ServerSideEncryption::AwsKms);
        let begin = begin.set_server_side_encryption(encryption).set_ssekms_key_id(self.inner.kms_key.clone());
        let answer = begin.send().await.map_err(|error| S3Error::of(call, error))?;
        let without = || S3Error::NoAnswer { call, what: "no upload in the answer".to_owned() };
        answer.upload_id().map(str::to_owned).ok_or_else(without)
    }

    /// Uploads a part (numbers from 1 to 10,000); of a part that comes twice the last counts.
    pub async fn upload_part(
        &self,
        upload: &UploadId,
        number: u32,
        bytes: Bytes,
        crc: Crc64,
    ) -> Result<PartTag, S3Error> {
        let once = |_| self.upload_part_once(upload, number, bytes.clone(), crc);
        let tag = self.call("UploadPart", crc.bytes, once).await?;
        fail_point!("s3.part.after");
        Ok(tag)
    }

    async fn upload_part_once(
        &self,
        upload: &UploadId,
        number: u32,
        bytes: Bytes,
        crc: Crc64,
    ) -> Result<PartTag, S3Error> {
        let call = "UploadPart";
        let part = self.client().upload_part().bucket(self.name()).key(self.key(&upload.key)).upload_id(&upload.id);
        let part = part.part_number(part_number(call, number)?).checksum_crc64_nvme(checksum_text(crc));
        let part = part.body(ByteStream::from(bytes)).customize();
        let part = if self.inner.signs_payloads { part } else { part.disable_payload_signing() };
        let answer = part.send().await.map_err(|error| S3Error::of(call, error))?;
        tag(call, answer.e_tag())
    }

    /// Makes a part of a range of another object of this bucket, or of all of it, without a byte through this process.
    ///
    /// # Errors
    /// [`S3Error::NoSuchObject`] and [`S3Error::Short`] speak of the object that is copied from, where the server says so;
    /// servers differ in what they say of a range that ends behind the object.
    pub async fn copy_part(
        &self,
        upload: &UploadId,
        number: u32,
        from: &str,
        range: Option<Range<u64>>,
    ) -> Result<PartTag, S3Error> {
        let bytes = range.as_ref().map_or(0, |range| range.end - range.start) / COPIED_BYTES_PER_SENT_BYTE;
        let once = |_| self.copy_part_once(upload, number, from, range.clone());
        let tag = self.call("UploadPartCopy", bytes, once).await?;
        fail_point!("s3.part.after");
        Ok(tag)
    }

    async fn copy_part_once(
        &self,
        upload: &UploadId,
        number: u32,
        from: &str,
        range: Option<Range<u64>>,
    ) -> Result<PartTag, S3Error> {
        let call = "UploadPartCopy";
        let copy =
            self.client().upload_part_copy().bucket(self.name()).key(self.key(&upload.key)).upload_id(&upload.id);
        let copy = copy.part_number(part_number(call, number)?);
        let copy = copy.copy_source(format!("{}/{}", self.name(), self.key(from)));
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let copy = copy.set_copy_source_range(range);
        let answer = copy.send().await.map_err(|error| S3Error::of(call, error))?;
        tag(call, answer.copy_part_result().and_then(|part| part.e_tag()))
    }

    /// Makes the object visible, in place of one that lies there. The server compares `whole` with the bytes where it can.
    ///
    /// # Errors
    /// [`S3Error::Differs`] where they do not agree: the upload stays, and is to be aborted.
    pub async fn complete(&self, upload: &UploadId, parts: &[(u32, PartTag)], whole: Crc64) -> Result<(), S3Error> {
        fail_point!("s3.complete.before");
        let completed = self.call(COMPLETE, 0, |number| self.complete_once(upload, parts, whole, number));
        completed.await?;
        fail_point!("s3.complete.after");
        Ok(())
    }

    async fn complete_once(
        &self,
        upload: &UploadId,
        parts: &[(u32, PartTag)],
        whole: Crc64,
        number: u32,
    ) -> Result<(), S3Error> {
        let call = COMPLETE;
        let parts = parts.iter().map(|(number, tag)| {
            Ok(CompletedPart::builder().part_number(part_number(call, *number)?).e_tag(&tag.0).build())
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect::<Result<_, S3Error>>()?)).build();
        let complete = self.client().complete_multipart_upload().bucket(self.name()).key(self.key(&upload.key));
        let complete = complete.upload_id(&upload.id).multipart_upload(parts);
        let complete = complete.checksum_type(ChecksumType::FullObject).checksum_crc64_nvme(checksum_text(whole));
        let complete = complete.mpu_object_size(i64::try_from(whole.bytes).unwrap_or(i64::MAX));
        match complete.send().await.map_err(|error| S3Error::of(call, error)) {
            // Only completing or aborting ends an upload, and nobody aborts it: an earlier try has completed it.
            Err(S3Error::NoSuchUpload { .. }) if number > 0 => self.is_complete(upload, whole).await,
            answer => answer.map(drop),
        }
    }

    /// Whether the object is there as it was meant.
    async fn is_complete(&self, upload: &UploadId, whole: Crc64) -> Result<(), S3Error> {
        let call = COMPLETE;
        match self.head_once(&upload.key).await {
            Ok(head) if head.bytes == whole.bytes && head.crc64nvme.is_none_or(|crc| crc == whole.value) => Ok(()),
            Ok(_) | Err(S3Error::NoSuchObject { .. }) => Err(S3Error::NoSuchUpload { call }),
            Err(error) => Err(error),
        }
    }

    /// Gives an upload up; one that is gone already is no error.
    pub async fn abort(&self, upload: &UploadId) -> Result<(), S3Error> {
        let once = |_| async {
            let abort = self.client().abort_multipart_upload().bucket(self.name()).key(self.key(&upload.key));
            let answer = abort.upload_id(&upload.id).send().await;
            answer.map(drop).map_err(|error| S3Error::of("AbortMultipartUpload", error))
        };
        match self.call("AbortMultipartUpload", 0, once).await {
            Err(S3Error::NoSuchUpload { .. } | S3Error::NoSuchObject { .. }) => Ok(()),
            answer => answer,
        }
    }

    /// The uploads below this prefix that are not finished, at most `limit`.
    pub async fn unfinished(&self, limit: usize) -> Result<Vec<Unfinished>, S3Error> {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let once = |_| self.unfinished_once(marker.as_ref());
            let (page, next) = self.call("ListMultipartUploads", 0, once).await?;
            found.extend(page);
            if next.is_none() || next == marker || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            marker = next;
        }
    }

    /// One page behind a marker, and the marker of the next.
    async fn unfinished_once(&self, after: Option<&Marker>) -> Result<(Vec<Unfinished>, Option<Marker>), S3Error> {
        let list = self.client().list_multipart_uploads().bucket(self.name()).prefix(self.key(""));
        let list = list.set_key_marker(after.map(|(key, _)| key.clone()));
        let list = list.set_upload_id_marker(after.and_then(|(_, id)| id.clone()));
        let answer = list.send().await.map_err(|error| S3Error::of("ListMultipartUploads", error))?;
        let uploads = answer.uploads().iter().filter_map(|upload| {
            let key = upload.key()?.strip_prefix(&*self.prefix)?.to_owned();
            let id = upload.upload_id()?.to_owned();
            Some(Unfinished { upload: UploadId { key, id }, begun: upload.initiated().map(micros) })
        });
        let next = answer.next_key_marker().map(str::to_owned).filter(|_| answer.is_truncated() == Some(true));
        let next = next.map(|key| (key, answer.next_upload_id_marker().map(str::to_owned)));
        Ok((uploads.collect(), next))
    }
}

/// Behind which key and upload a page begins.
type Marker = (String, Option<String>);

fn part_number(call: &'static str, number: u32) -> Result<i32, S3Error> {
    let unfit = || S3Error::Unfit { call, what: "parts are numbered from 1 to 10,000".to_owned() };
    i32::try_from(number).ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(unfit)
}

fn tag(call: &'static str, etag: Option<&str>) -> Result<PartTag, S3Error> {
    let without = || S3Error::NoAnswer { call, what: "no tag in the answer".to_owned() };
    etag.map(|etag| PartTag(etag.to_owned())).ok_or_else(without)
}
