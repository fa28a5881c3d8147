// Reads ZIP archives as a stream, from local header to local header, as java.util.zip does it.
//
//     java ZipCheck.java ARCHIVE...
//
// Prints one line per entry, `name bytes crc32`, and one per archive, `ARCHIVE: n entries, m bytes`. ZipInputStream itself
// throws where a size or a CRC-32 does not fit or the stream ends early; then the exit code is 1.

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

public class ZipCheck {
    public static void main(String[] archives) {
        if (archives.length == 0) {
            System.err.println("usage: java ZipCheck.java ARCHIVE...");
            System.exit(2);
        }
        for (String archive : archives) {
            try (InputStream in = new BufferedInputStream(Files.newInputStream(Path.of(archive)), 1 << 16)) {
                check(archive, new ZipInputStream(in));
            } catch (IOException error) {
                System.err.println(archive + ": " + error);
                System.exit(1);
            }
        }
    }

    private static void check(String archive, ZipInputStream zip) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long entries = 0;
        long total = 0;
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            CRC32 crc = new CRC32();
            long bytes = 0;
            for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
                crc.update(buffer, 0, read);
                bytes += read;
            }
            System.out.printf("%s %d %08x%n", entry.getName(), bytes, crc.getValue());
            entries++;
            total += bytes;
        }
        // An archive without entries, or one that is no ZIP at all, gives none, and no error either.
        if (entries == 0) {
            throw new IOException("no entries");
        }
        System.out.printf("%s: %d entries, %d bytes%n", archive, entries, total);
    }
}
