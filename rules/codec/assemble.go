package codec

import (
	"bytes"
	"encoding/base64"
	"unsafe"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// Assembler writes what is kept of a hit. It keeps its buffers and compressors from hit to hit.
type Assembler struct {
	hit     *hit.Hit
	scratch [][]byte // one buffer a level of opened values
	depth   int
	packed  bytes.Buffer
	gzip    *gzip.Writer
	zlib    *zlib.Writer
	flate   *flate.Writer
}

// Append appends the node as it leaves: nothing of what is dropped, rewritten text in place of what is rewritten, and the very bytes
// received of what is kept whole. Dirty must be right on every node (see hit.Hit.Settle).
func (a *Assembler) Append(dst []byte, h *hit.Hit, root int32) []byte {
	a.hit, a.depth = h, 0
	if root == hit.None || h.Nodes[root].Fate == hit.Drop {
		return dst
	}
	return a.value(dst, root)
}

func (a *Assembler) value(dst []byte, i int32) []byte {
	n := &a.hit.Nodes[i]
	switch {
	case !n.Dirty:
		return append(dst, a.hit.Bytes(n.Val)...)
	case n.Opened:
		return a.opened(dst, n)
	case n.Kind == hit.Object:
		return a.object(dst, n)
	case n.Kind == hit.Array:
		return append(a.list(append(dst, '['), n, ","), ']')
	case n.Kind == hit.Form:
		return a.form(dst, n)
	case n.Kind == hit.Lines || n.Kind == hit.Records:
		end := "\n"
		if bytes.Contains(a.hit.Bytes(n.Val), []byte("\r\n")) {
			end = "\r\n"
		}
		return a.list(dst, n, end)
	default:
		return appendText(dst, n.Kind, a.hit.Bytes(n.Edit))
	}
}

// appendText writes decoded text as a value of the kind: a JSON literal that is still one stays bare, what no longer is becomes a string.
func appendText(dst []byte, k hit.Kind, text []byte) []byte {
	switch k {
	case hit.Text:
		return hit.AppendPercent(dst, text)
	case hit.Raw:
		return append(dst, text...)
	case hit.Number, hit.Bool, hit.Null:
		if literal(text) {
			return append(dst, text...)
		}
	default:
	}
	return hit.AppendJSON(dst, text)
}

func literal(text []byte) bool {
	return len(text) > 0 && text[0] != '"' && text[0] != '{' && text[0] != '[' &&
		gjson.Valid(unsafe.String(unsafe.SliceData(text), len(text)))
}

func (a *Assembler) object(dst []byte, n *hit.Node) []byte {
	dst = append(dst, '{')
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		member := &a.hit.Nodes[c]
		if member.Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '"')
		dst = append(dst, a.hit.Bytes(member.Key)...)
		dst = append(dst, '"', ':')
		dst = a.value(dst, c)
	}
	return append(dst, '}')
}

func (a *Assembler) form(dst []byte, n *hit.Node) []byte {
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		pair := &a.hit.Nodes[c]
		if pair.Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		if !pair.Dirty {
			dst = append(dst, a.hit.Bytes(hit.Span{Buf: pair.Key.Buf, Start: pair.Key.Start, End: pair.Val.End})...)
			continue
		}
		dst = append(dst, a.hit.Bytes(pair.Key)...)
		dst = append(dst, '=')
		dst = a.value(dst, c)
	}
	return dst
}

func (a *Assembler) list(dst []byte, n *hit.Node, between string) []byte {
	first := true
	for c := n.First; c != hit.None; c = a.hit.Nodes[c].Next {
		if a.hit.Nodes[c].Fate == hit.Drop {
			continue
		}
		if !first {
			dst = append(dst, between...)
		}
		first = false
		dst = a.value(dst, c)
	}
	return dst
}

// opened writes a value whose inside has changed: the inside, wrapped again as it was, as text of the value's kind.
func (a *Assembler) opened(dst []byte, n *hit.Node) []byte {
	if a.depth == len(a.scratch) {
		a.scratch = append(a.scratch, nil)
	}
	level := a.depth
	a.depth++
	inner := a.scratch[level][:0]
	if n.First != hit.None && a.hit.Nodes[n.First].Fate != hit.Drop {
		inner = a.value(inner, n.First)
	}
	for i := int(n.Wrap.N) - 1; i >= 0; i-- {
		inner = a.wrap(inner, n.Wrap.Steps[i])
	}
	a.scratch[level] = inner
	a.depth--
	return appendText(dst, n.Kind, inner)
}

var base64Steps = map[hit.Step]*base64.Encoding{
	hit.Base64Std: base64.StdEncoding, hit.Base64StdRaw: base64.RawStdEncoding,
	hit.Base64URL: base64.URLEncoding, hit.Base64URLRaw: base64.RawURLEncoding,
}

// wrap puts one layer back around the bytes.
func (a *Assembler) wrap(inner []byte, step hit.Step) []byte {
	n := len(inner)
	switch step {
	case hit.QuestionMark:
		inner = append(inner, '?')
	case hit.Gzip, hit.Zlib, hit.Deflate:
		inner = a.Deflate(inner, inner, step)
	default:
		inner = base64Steps[step].AppendEncode(inner, inner)
	}
	if step == hit.QuestionMark {
		copy(inner[1:], inner[:n])
		inner[0] = '?'
		return inner
	}
	return inner[:copy(inner, inner[n:])]
}

// Deflate appends body compressed as the step says: the content coding of a body that came compressed, put back.
func (a *Assembler) Deflate(dst, body []byte, step hit.Step) []byte {
	a.packed.Reset()
	// Writing to a bytes.Buffer cannot fail, so neither can the compressors.
	switch step {
	case hit.Gzip:
		if a.gzip == nil {
			a.gzip = gzip.NewWriter(&a.packed)
		} else {
			a.gzip.Reset(&a.packed)
		}
		_, _ = a.gzip.Write(body)
		_ = a.gzip.Close()
	case hit.Zlib:
		if a.zlib == nil {
			a.zlib = zlib.NewWriter(&a.packed)
		} else {
			a.zlib.Reset(&a.packed)
		}
		_, _ = a.zlib.Write(body)
		_ = a.zlib.Close()
	default:
		if a.flate == nil {
			a.flate, _ = flate.NewWriter(&a.packed, flate.DefaultCompression)
		} else {
			a.flate.Reset(&a.packed)
		}
		_, _ = a.flate.Write(body)
		_ = a.flate.Close()
	}
	return append(dst, a.packed.Bytes()...)
}
