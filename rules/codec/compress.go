package codec

import (
	"bytes"
	"errors"
	"io"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// compression is what compresses and decompresses a step.
type compression struct {
	reader func(source io.Reader) (decompressor, error)
	writer func(to io.Writer) compressor
	// reserved tells whether a text has what only a later edition of the format may say; nil: none has.
	reserved func(text []byte) bool
	// saysMore tells whether a text holds what is neither read nor needed; nil: none does.
	saysMore func(text []byte) bool
}

// SaysMore tells whether a compressed text says more than what is in it. Nobody has looked at that: the inside is to be
// compressed anew.
func SaysMore(text []byte, step hit.Step) bool {
	more := compressions[step].saysMore
	return more != nil && more(text)
}

// decompressor is kept from hit to hit.
type decompressor interface {
	io.Reader
	again(source io.Reader) error // goes on with another source
	forget()                      // what the last source said of itself
}

// compressor is kept from hit to hit.
type compressor interface {
	io.WriteCloser
	Reset(to io.Writer)
}

// compressed is the layer of every compression.
var compressed = layer{off: inflate, on: (*Assembler).Deflate}

// inflater keeps decompressors by their steps; they are made when first needed.
type inflater struct {
	source  bytes.Reader
	readers [numSteps]decompressor
}

// reset forgets what was unpacked.
func (f *inflater) reset() {
	f.source.Reset(nil)
	for _, kept := range f.readers {
		if kept != nil {
			kept.forget()
		}
	}
}

// open returns what decompresses the source.
func (f *inflater) open(step hit.Step) (io.Reader, error) {
	if kept := f.readers[step]; kept != nil {
		return kept, kept.again(&f.source)
	}
	made, err := compressions[step].reader(&f.source)
	if err == nil {
		f.readers[step] = made
	}
	return made, err
}

// inflate decompresses a value into the arena.
func inflate(o *Opener, value hit.Span, step hit.Step) (hit.Span, error) {
	if step == Gzip && !bytes.HasPrefix(o.hit.Bytes(value), gzipMagic) {
		return value, ErrMalformed // told before anything is made that would read it
	}
	arena := o.hit.Grow()
	from := len(arena)
	arena, err := o.appendInflated(arena, o.hit.Bytes(value), step)
	if err != nil {
		return value, err
	}
	return o.hit.Grown(arena, from), nil
}

// A compressed text grows without bound: real batches reach 50 times their size, and what is within plausible is not
// looked at; beyond that a text may grow to so many times its size.
const (
	plausible = 1 << 20
	mostRatio = 100
)

// appendInflated appends what is compressed in text, at most what is left of the hit's limit.
func (o *Opener) appendInflated(dst, text []byte, step hit.Step) ([]byte, error) {
	if reserved := compressions[step].reserved; reserved != nil && reserved(text) {
		return dst, ErrMalformed
	}
	f := &o.inflater
	f.source.Reset(text)
	reader, err := f.open(step)
	if err != nil {
		return dst, ErrMalformed
	}
	most := min(o.Limits.Decompressed-o.unpacked, max(plausible, mostRatio*len(text)))
	out, err := AppendRead(dst, reader, most, o.Memory)
	read := len(out) - len(dst)
	o.unpacked += read
	switch {
	case errors.Is(err, ErrLimit) && o.unpacked > o.Limits.Decompressed:
		err = Over("decompressed")
	case errors.Is(err, ErrLimit), errors.Is(err, ErrMemory):
	case err != nil, f.source.Len() > 0:
		err = ErrMalformed
	}
	if err != nil {
		hit.Forget(dst, read)
		return dst, err
	}
	o.taken += read
	return out, nil
}

// Inflate takes a content coding off a body (RFC 9110, section 8.4.1) before the hit is read. What it appends to dst
// counts towards the hit's limit. For "deflate" both forms found in practice are understood.
func (o *Opener) Inflate(dst, body []byte, coding string) ([]byte, hit.Step, error) {
	step := Gzip
	if coding == "deflate" {
		step = deflateStep(body)
	}
	dst, err := o.appendInflated(dst, body, step)
	return dst, step, err
}

// appender is a writer that appends.
type appender struct{ to []byte }

// Write appends. It never fails.
func (w *appender) Write(text []byte) (int, error) {
	w.to = append(w.to, text...)
	return len(text), nil
}

// Deflate appends body compressed as the step says: the content coding of a body that came compressed, put back.
func (a *Assembler) Deflate(dst, body []byte, step hit.Step) []byte {
	to := &a.packed
	to.to = dst
	writer := a.writers[step]
	if writer == nil {
		writer = compressions[step].writer(to)
		a.writers[step] = writer
	} else {
		writer.Reset(to)
	}
	// Appending cannot fail, so neither can the compressors.
	_, _ = writer.Write(body)
	_ = writer.Close()
	dst, to.to = to.to, nil
	return dst
}
