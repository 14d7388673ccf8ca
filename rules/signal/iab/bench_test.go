package iab

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// The strings of the benchmarks.
var (
	typicalTC = signaltest.TypicalTC()
	largeTC   = signaltest.Head().EveryOther(1300).EveryOther(1300).Put(12, 0).Text() + "." +
		new(signaltest.Bits).Put(3, 1).EveryOther(1300).Text()
	rangesTC = signaltest.Head().Scattered(1000).EveryOther(8).Put(12, 0).Text() + "." +
		new(signaltest.Bits).Put(3, 1).Scattered(1).Text()
	usGPP = "DBABrw~CIJpWhECEJig.YA~BQJaKKBU.QA"
	euGPP = "DBABMA~" + typicalTC
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
	tc, large, us, eu, ac, usp := []byte(typicalTC), []byte(largeTC), []byte(usGPP), []byte(euGPP),
		[]byte("2~1.35~dv.9"), []byte("1YNN")
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
