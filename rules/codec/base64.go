package codec

import (
	"bytes"
	"encoding/base64"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// base64Container is base64 in either alphabet of RFC 4648, padded or not.
var base64Container = container{name: "base64", step: base64Step, noSpaces: true}

// The layers of base64.
var (
	base64Std    = base64Layer(base64.StdEncoding)
	base64StdRaw = base64Layer(base64.RawStdEncoding)
	base64URL    = base64Layer(base64.URLEncoding)
	base64URLRaw = base64Layer(base64.RawURLEncoding)
)

func base64Layer(encoding *base64.Encoding) layer {
	return layer{
		off: func(o *Opener, value hit.Span, _ hit.Step) (hit.Span, error) { return o.unbase64(value, encoding) },
		on: func(_ *Assembler, dst, inner []byte, _ hit.Step) []byte {
			return encoding.AppendEncode(dst, inner)
		},
	}
}

// base64Step tells alphabet and padding from the text.
func base64Step(text []byte) hit.Step {
	padded := len(text) > 0 && text[len(text)-1] == '='
	switch url := bytes.IndexByte(text, '-') >= 0 || bytes.IndexByte(text, '_') >= 0; {
	case url && padded:
		return Base64URL
	case url:
		return Base64URLRaw
	case padded || len(text)%4 == 0:
		return Base64Std
	default:
		return Base64StdRaw
	}
}

func (o *Opener) unbase64(value hit.Span, encoding *base64.Encoding) (hit.Span, error) {
	text := o.hit.Bytes(value)
	if BeginsAsJSON(text) {
		return value, ErrMalformed // told before it is decoded
	}
	size := encoding.DecodedLen(len(text))
	if o.unpacked += size; o.unpacked > o.Limits.Decompressed {
		return value, Over("decompressed")
	}
	if err := o.take(size); err != nil {
		return value, err
	}
	arena := o.hit.Grow()
	from := len(arena)
	arena, err := encoding.AppendDecode(arena, text)
	if err != nil || bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		hit.Forget(o.hit.Grow(), size)
		return value, ErrMalformed
	}
	return o.hit.Grown(arena, from), nil
}

// plusForSpace is base64 in a form as it was meant. Some SDKs don't escape its plus signs, which are spaces in a form;
// there is no other space in base64.
func (o *Opener) plusForSpace(value hit.Span) hit.Span {
	if bytes.IndexByte(o.hit.Bytes(value), ' ') < 0 {
		return value
	}
	arena := o.hit.Grow()
	from := len(arena)
	arena = append(arena, o.hit.Bytes(value)...)
	for i := from; i < len(arena); i++ {
		if arena[i] == ' ' {
			arena[i] = '+'
		}
	}
	return o.hit.Grown(arena, from)
}
