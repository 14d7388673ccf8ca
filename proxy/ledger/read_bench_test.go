package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	frames "github.com/tagwarden/tagwarden/proxy/segment"
)

// longLines are records of about 480 bytes, as those of events are.
func longLines(n int) string {
	var b []byte
	for i := range n {
		salt := fmt.Sprintf("%08x", uint32(i)*2654435761)
		b = frames.AppendLine(
			b, fmt.Appendf(nil, `{"time":"2026-11-29T07:17:56.%09dZ","kind":"event","hit":%d,"event":0,"site":"shop",`+
				`"vendor":"ga4","endpoint":"collect","name":"page_view","decision":"permit","reason":"consent","activity":"ga4-with-consent",`+
				`"basis":"consent","policy":"0123456789abcdef","region":"DE","signals":[{"source":"tcf","state":"valid","says":"grants analytics"}],`+
				`"subjects":["%s"],"shape":"0123456789abcdef","bytes_in":812,"bytes_out":640,"salt":"%s"}`,
				i, 1700000000000000+i, strings.Repeat(salt, 4), strings.Repeat(salt, 4)))
	}
	return string(b)
}

// BenchmarkRead reads segments from one end to the other, each record with its checksum: "recs/s" of a core.
func BenchmarkRead(b *testing.B) {
	const records = 50_000
	text := longLines(records)
	for _, c := range []struct{ name, file, text string }{
		{"lines", ".jsonl", text}, {"packed", ".jsonl.zst", packed(b, text)}, {"old", "", text},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir, name := b.TempDir(), old1
			if c.file != "" {
				name = number(0, c.file)
			}
			write(b, dir, map[string]string{name: c.text})
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r := ledger.Read(dir, 0)
				n := 0
				for r.Next() {
					n++
				}
				if err := r.Close(); err != nil || r.Err() != nil || n != records {
					b.Fatal(n, err, r.Err())
				}
			}
			b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "recs/s")
		})
	}
}
