package signal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"
)

// bitWriter writes what bitReader reads.
type bitWriter struct{ bits []byte } // '0' and '1'

func (w *bitWriter) put(n int, v uint64) *bitWriter {
	w.bits = fmt.Appendf(w.bits, "%0*b", n, v)
	return w
}

// text encodes in six bits a character, as few as hold everything.
func (w *bitWriter) text() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var out []byte
	padded := append(bytes.Clone(w.bits), "00000"...)
	for i := 0; i < len(w.bits); i += 6 {
		v := 0
		for _, b := range padded[i : i+6] {
			v = v<<1 | int(b-'0')
		}
		out = append(out, letters[v])
	}
	return string(out)
}

// head writes a core up to the vendors: made on 4 May 2026, policy 5, service specific, purposes 1 to 4 and 7 to 10 consented to.
func head() *bitWriter {
	const day = 17778528000 // 2026-05-04
	w := new(bitWriter)
	w.put(6, 2).put(36, day).put(36, day).put(12, 10).put(12, 1).put(6, 0).put(6, 4).put(6, 13).put(12, 120).put(6, 5).put(1, 1).put(1, 0)
	return w.put(12, 0).put(24, 0b111100111100000000000000).put(24, 0b010000111100000000000000).put(1, 0).put(6, 3).put(6, 4)
}

// everyOther writes a field of n vendors.
func (w *bitWriter) everyOther(n int) *bitWriter {
	w.put(16, uint64(n)).put(1, 0)
	for i := range n {
		w.put(1, uint64(i&1))
	}
	return w
}

// scattered writes n ranges of two vendors each.
func (w *bitWriter) scattered(n int) *bitWriter {
	w.put(16, 65535).put(1, 1).put(12, uint64(n))
	for i := range n {
		w.put(1, 1).put(16, uint64(3*i+1)).put(16, uint64(3*i+2))
	}
	return w
}

// The strings of the benchmarks. Typical has fields of 120 vendors, two restrictions, and ranges of disclosed vendors.
var (
	typicalTC = head().everyOther(120).everyOther(120).put(12, 2).
			put(6, 7).put(2, 0).put(12, 1).put(1, 0).put(16, 755).
			put(6, 10).put(2, 1).put(12, 2).put(1, 0).put(16, 28).put(1, 1).put(16, 40).put(16, 44).text() +
		"." + new(bitWriter).put(3, 1).scattered(4).text()
	largeTC  = head().everyOther(1300).everyOther(1300).put(12, 0).text() + "." + new(bitWriter).put(3, 1).everyOther(1300).text()
	rangesTC = head().scattered(1000).everyOther(8).put(12, 0).text() + "." + new(bitWriter).put(3, 1).scattered(1).text()
	usGPP    = "DBABrw~CIJpWhECEJig.YA~BQJaKKBU.QA"
	euGPP    = "DBABMA~" + typicalTC
)

func BenchmarkTC(b *testing.B) {
	for _, one := range []struct{ name, text string }{{"typical", typicalTC}, {"large", largeTC}, {"ranges", rangesTC}} {
		text := []byte(one.text)
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := DecodeTC(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStdBase64 is what decoding the characters of a typical string alone costs.
func BenchmarkStdBase64(b *testing.B) {
	core, _, _ := bytes.Cut([]byte(typicalTC), []byte("."))
	core = core[:len(core)&^3]
	into := make([]byte, len(core))
	for b.Loop() {
		if _, err := base64.RawURLEncoding.Decode(into, core); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecision(b *testing.B) {
	for _, one := range []struct{ name, text string }{{"typical", typicalTC}, {"ranges", rangesTC}} {
		s := mustTC(b, one.text)
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Purpose(2, 7, DeclaredLIFlexible)
			}
		})
	}
}

func BenchmarkGPP(b *testing.B) {
	for _, one := range []struct{ name, text string }{{"us", usGPP}, {"eu", euGPP}} {
		text := []byte(one.text)
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, err := DecodeGPP(text)
				if err != nil {
					b.Fatal(err)
				}
				g.OptOuts(nil)
			}
		})
	}
}

func BenchmarkAC(b *testing.B) {
	text := []byte("2~1.35.41.101.2072~dv.9.21.81")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeAC(text); err != nil {
			b.Fatal(err)
		}
	}
}

func mustTC(tb testing.TB, text string) *TCString {
	tb.Helper()
	s, err := DecodeTC([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestDecodingAllocatesLittle(t *testing.T) {
	tc, large, us, eu, ac, usp := []byte(typicalTC), []byte(largeTC), []byte(usGPP), []byte(euGPP), []byte("2~1.35~dv.9"), []byte("1YNN")
	broken := []byte(typicalTC[:len(typicalTC)-4])
	s, g := mustTC(t, typicalTC), new(GPPString)
	sid := []int{7}
	for _, one := range []struct {
		what string
		most float64
		do   func()
	}{
		{"a typical TC string: itself, its bytes, its ranges", 3, func() { _, _ = DecodeTC(tc) }},
		{"a TC string without ranges", 2, func() { _, _ = DecodeTC(large) }},
		{"a broken TC string", 4, func() { _, _ = DecodeTC(broken) }},
		{"US sections", 2, func() { g, _ = DecodeGPP(us) }},
		{"a TC string in GPP", 5, func() { _, _ = DecodeGPP(eu) }},
		{"opt-outs", 0, func() { g.OptOuts(sid) }},
		{"additional consent", 2, func() { _, _ = DecodeAC(ac) }},
		{"US privacy", 0, func() { _, _ = DecodeUSP(usp) }},
		{"a decision", 0, func() { s.Purpose(2, 7, DeclaredLIFlexible) }},
		{"a purpose alone", 0, func() { s.PurposeAlone(7) }},
		{"a special purpose", 0, func() { s.SpecialPurpose(2, 1, true) }},
		{"no signal", 0, func() { NoSignal(tc) }},
	} {
		if n := testing.AllocsPerRun(100, one.do); n > one.most {
			t.Errorf("%s: %v allocations, at most %v are fine", one.what, n, one.most)
		}
	}
}
