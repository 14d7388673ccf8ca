package codec

import (
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// deflateContainer is "deflate" in both forms found in practice: with the header of zlib (RFC 1950, section 2.2), or
// without.
var deflateContainer = container{name: "deflate", step: deflateStep}

func deflateStep(text []byte) hit.Step {
	if len(text) > 1 && text[0]&15 == 8 && (int(text[0])<<8|int(text[1]))%31 == 0 {
		return Zlib
	}
	return Deflate
}

var zlibCompression = compression{
	reader: func(source io.Reader) (decompressor, error) {
		z, err := zlib.NewReader(source)
		if err != nil {
			return nil, err
		}
		return inflated{z}, nil
	},
	writer:   func(to io.Writer) compressor { return zlib.NewWriter(to) },
	saysMore: saysMoreZlib,
}

// saysMoreZlib tells whether a text names a dictionary that it needs (RFC 1950, section 2.2, FDICT). The only
// one that is known here is the empty one.
func saysMoreZlib(text []byte) bool { return len(text) > 1 && text[1]&0x20 != 0 }

var rawCompression = compression{
	reader: func(source io.Reader) (decompressor, error) { return inflated{flate.NewReader(source)}, nil },
	writer: func(to io.Writer) compressor {
		w, _ := flate.NewWriter(to, flate.DefaultCompression) // fails for other levels alone
		return w
	},
}

// inflated is a reader of package zlib or flate, which reset alike.
type inflated struct{ io.Reader }

// again goes on with another source.
func (z inflated) again(source io.Reader) error { return z.Reader.(flate.Resetter).Reset(source, nil) }

// forget has nothing to drop: neither form says anything of itself.
func (z inflated) forget() {}
