package codec

import (
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// gzipContainer is gzip (RFC 1952).
var gzipContainer = container{name: "gzip", step: func([]byte) hit.Step { return Gzip }}

// gzipMagic is what every member begins with (RFC 1952, section 2.3.1).
var gzipMagic = []byte{0x1f, 0x8b}

var gzipCompression = compression{
	reader: func(source io.Reader) (decompressor, error) {
		z, err := gzip.NewReader(source)
		if err != nil {
			return nil, err
		}
		return oneMember{z}.alone(), nil
	},
	reserved: reservedGzip,
	saysMore: saysMoreGzip,
	writer:   func(to io.Writer) compressor { return gzip.NewWriter(to) },
}

// oneMember reads one member of gzip: what stands behind it is not read, and would leave as it came.
type oneMember struct{ *gzip.Reader }

func (z oneMember) alone() oneMember {
	z.Multistream(false)
	return z
}

// again goes on with another source.
func (z oneMember) again(source io.Reader) error {
	err := z.Reset(source)
	if err == nil {
		z.alone()
	}
	return err
}

// forget drops the names and comments of the last source.
func (z oneMember) forget() { z.Header = gzip.Header{} }

// saysMoreGzip tells whether a member's header has more than it must (RFC 1952, section 2.3.1, FLG): a file's name, a
// comment, fields of anybody's own.
func saysMoreGzip(text []byte) bool { return len(text) > 3 && text[3] != 0 }

// reservedGzip tells whether a reserved bit of a member's header is set (RFC 1952, section 2.3.1.2): there may then be
// fields that nobody knows, and what follows would be read wrongly. Libraries differ in whether they look.
func reservedGzip(text []byte) bool { return len(text) > 3 && text[3]&0xe0 != 0 }
