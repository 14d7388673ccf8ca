package codec

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// inflater keeps decompressors from hit to hit; they are made when first needed.
type inflater struct {
	source bytes.Reader
	gzip   *gzip.Reader
	zlib   io.ReadCloser
	flate  io.ReadCloser
}

// unwrap takes one layer off a value and says how to put it back.
func (o *Opener) unwrap(value hit.Span, w wrapper) (hit.Step, hit.Span, error) {
	switch w {
	case wrapBase64:
		return o.unbase64(value)
	case wrapGzip:
		return o.inflate(value, hit.Gzip)
	case wrapDeflate:
		return o.inflate(value, deflateStep(o.hit.Bytes(value)))
	default:
		return hit.NoStep, value, ErrMalformed
	}
}

// plusForSpace is base64 in a form as it was meant. Some SDKs don't escape its plus signs, which are spaces in a form; there is no other
// space in base64.
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

// unbase64 reads either alphabet of RFC 4648, padded or not. Which it was is seen from the text.
func (o *Opener) unbase64(value hit.Span) (hit.Step, hit.Span, error) {
	text := o.hit.Bytes(value)
	step, encoding := hit.Base64StdRaw, base64.RawStdEncoding
	padded := len(text) > 0 && text[len(text)-1] == '='
	switch url := bytes.IndexByte(text, '-') >= 0 || bytes.IndexByte(text, '_') >= 0; {
	case url && padded:
		step, encoding = hit.Base64URL, base64.URLEncoding
	case url:
		step, encoding = hit.Base64URLRaw, base64.RawURLEncoding
	case padded || len(text)%4 == 0:
		step, encoding = hit.Base64Std, base64.StdEncoding
	}
	size := encoding.DecodedLen(len(text))
	if o.unpacked += size; o.unpacked > o.Limits.Decompressed {
		return step, value, Over("decompressed")
	}
	if err := o.take(size); err != nil {
		return step, value, err
	}
	arena := o.hit.Grow()
	from := len(arena)
	arena, err := encoding.AppendDecode(arena, text)
	if err != nil || bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return step, value, ErrMalformed
	}
	return step, o.hit.Grown(arena, from), nil
}

// deflateStep tells the two forms of "deflate" found in practice apart: with the header of zlib (RFC 1950, section 2.2), or without.
func deflateStep(text []byte) hit.Step {
	if len(text) > 1 && text[0]&15 == 8 && (int(text[0])<<8|int(text[1]))%31 == 0 {
		return hit.Zlib
	}
	return hit.Deflate
}

// inflate decompresses a value into the arena.
func (o *Opener) inflate(value hit.Span, step hit.Step) (hit.Step, hit.Span, error) {
	arena := o.hit.Grow()
	from := len(arena)
	arena, err := o.appendInflated(arena, o.hit.Bytes(value), step)
	if err != nil {
		return step, value, err
	}
	return step, o.hit.Grown(arena, from), nil
}

// A compressed text grows without bound: real batches reach 50 times their size, and what is within plausible is not looked at; beyond
// that a text may grow to so many times its size.
const (
	plausible = 1 << 20
	mostRatio = 100
)

// appendInflated appends what is compressed in text, at most what is left of the hit's limit.
func (o *Opener) appendInflated(dst, text []byte, step hit.Step) ([]byte, error) {
	f := &o.inflater
	f.source.Reset(text)
	reader, err := f.open(step)
	if err != nil {
		return dst, ErrMalformed
	}
	from := len(dst)
	dst, err = AppendRead(dst, reader, min(o.Limits.Decompressed-o.unpacked, max(plausible, mostRatio*len(text))), o.Memory)
	o.unpacked += len(dst) - from
	switch {
	case errors.Is(err, ErrLimit) && o.unpacked > o.Limits.Decompressed:
		return dst[:from], Over("decompressed")
	case errors.Is(err, ErrLimit), errors.Is(err, ErrMemory):
		return dst[:from], err
	case err != nil, f.source.Len() > 0:
		return dst[:from], ErrMalformed
	}
	o.taken += len(dst) - from
	return dst, nil
}

func (f *inflater) open(step hit.Step) (io.Reader, error) {
	var err error
	switch step {
	case hit.Gzip:
		if f.gzip == nil {
			f.gzip, err = gzip.NewReader(&f.source)
		} else {
			err = f.gzip.Reset(&f.source)
		}
		if err == nil {
			f.gzip.Multistream(false) // one member: what stands behind it is not read, and would leave as it came
		}
		return f.gzip, err
	case hit.Zlib:
		if f.zlib == nil {
			f.zlib, err = zlib.NewReader(&f.source)
		} else {
			err = f.zlib.(zlib.Resetter).Reset(&f.source, nil)
		}
		return f.zlib, err
	default:
		if f.flate == nil {
			f.flate = flate.NewReader(&f.source)
		} else {
			err = f.flate.(flate.Resetter).Reset(&f.source, nil)
		}
		return f.flate, err
	}
}

// Inflate takes a content coding off a body (RFC 9110, section 8.4.1) before the hit is read. What it appends to dst counts towards
// the hit's limit. For "deflate" both forms found in practice are understood.
func (o *Opener) Inflate(dst, body []byte, coding string) ([]byte, hit.Step, error) {
	step := hit.Gzip
	if coding == "deflate" {
		step = deflateStep(body)
	}
	dst, err := o.appendInflated(dst, body, step)
	return dst, step, err
}
