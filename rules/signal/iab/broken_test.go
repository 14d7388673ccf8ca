package iab

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// allowances are what a string allows: by purpose and basis, to whoever is no
// vendor of the TCF and to vendors below 20.
func allowances(t *TCString) (all []int) {
	if t == nil {
		return nil
	}
	for p := 1; p <= NumPurposes; p++ {
		consent, li := t.PurposeAlone(p)
		for n, reason := range []TCFReason{consent, li} {
			if reason.Allows() {
				all = append(all, n*100+p)
			}
		}
		for vendor := 1; vendor < 20; vendor++ {
			for n, d := range []Declared{DeclaredConsentFlexible, DeclaredLIFlexible} {
				if t.Purpose(vendor, p, d).Reason.Allows() {
					all = append(all, 1000*vendor+n*100+p)
				}
			}
		}
	}
	return all
}

// TestBrokenTC: a TC string that was broken says nothing, or is one that says so, read slowly. Where a
// character is outside the alphabet it says nothing, and where one was lost or doubled, or the end is missing,
// it allows nothing that the whole one does not.
func TestBrokenTC(t *testing.T) {
	t.Parallel()
	valid := signaltest.Vectors[tcVector](t, "tc_valid.jsonl")
	for n, v := range valid {
		if n%3 > 0 {
			continue
		}
		for i := range len(v.TC) {
			if s, err := DecodeTC([]byte(v.TC[:i] + "*" + v.TC[i+1:])); err == nil || s != nil {
				t.Fatalf("%s is a string with * at %d", v.ID, i)
			}
		}
	}
	slices.SortStableFunc(valid, func(a, b tcVector) int { return len(a.TC) - len(b.TC) })
	texts := []string{signaltest.RestrictedTC(7, RequireConsent), signaltest.RestrictedTC(2, NotAllowed, RequireLI)}
	for i := 0; i < len(valid) && len(valid[i].TC) < 300; i += 25 {
		texts = append(texts, valid[i].TC)
	}
	for _, whole := range texts {
		may := allowances(agreeTC(t, whole))
		for how, text := range signaltest.Broken(whole) {
			s := agreeTC(t, text)
			if s == nil || how == "ones" {
				continue
			}
			for _, a := range allowances(s) {
				if !slices.Contains(may, a) {
					t.Fatalf("%s, %s allows %d: %s", whole, how, a, text)
				}
			}
		}
	}
}

// TestBrokenGPP is the same for GPP strings: of each kind of section one, and some of several. US sections are never
// read where two bits are set that make a 3, and what was opted out of stays so where the end is missing, but for a
// browser's signal that was cut off whole.
func TestBrokenGPP(t *testing.T) {
	t.Parallel()
	for _, v := range signaltest.Vectors[gppVector](t, "gpp_valid.jsonl") {
		whole := agreeGPP(t, v.GPP)
		out := whole.OptOuts(nil)
		long := len(v.GPP) > 120
		for how, text := range signaltest.Broken(v.GPP) {
			if long && how != "outside" {
				continue
			}
			if how == "outside" {
				if g, err := DecodeGPP([]byte(text)); err == nil || g != nil {
					t.Errorf("%s, %s: %s is a string", v.GPP, how, text)
				}
				continue
			}
			g := agreeGPP(t, text)
			switch {
			case g == nil:
			case how == "ones" && !slices.ContainsFunc(whole.Sections(), anyVersion):
				t.Errorf("%s, %s: %s is a string", v.GPP, how, text)
			case how == "cut":
				if now := g.OptOuts(whole.Sections()); !now.Unclear && (out.Sale && !now.Sale || out.Sharing && !now.Sharing ||
					out.Targeted && !now.Targeted) {
					t.Errorf("%s, %s: %+v became %+v: %s", v.GPP, how, out, now, text)
				}
			}
		}
	}
}

// anyVersion tells of sections that may hold all ones: a TC string's and the Canadian one in what they count, the late
// states' in the version of an agreement, which is none of the section.
func anyVersion(id int) bool { return id == sectionEU || id == sectionCA || id >= sectionMD }

// TestBrokenUS: in each US section, each value set to 3, each version that there is not and each
// kind of subsection that there is not.
func TestBrokenUS(t *testing.T) {
	t.Parallel()
	for id, layout := range slowUSLayouts {
		versions := []uint64{1}
		if id == sectionUS {
			versions = []uint64{1, 2}
		}
		for _, version := range versions {
			values := layout.values
			if id == sectionUS && version == 1 {
				values = 27
			}
			section := func(version uint64, at int, value uint64) string {
				w := new(signaltest.Bits).Put(6, version)
				for i := range values {
					if i == at {
						w.Put(2, value)
					} else {
						w.Put(2, 0)
					}
				}
				return w.Text()
			}
			must := func(text string, valid bool) {
				t.Helper()
				if g := agreeGPP(t, signaltest.GPPHead(id)+"~"+text); (g != nil) != valid {
					t.Errorf("section %d: %s is a string: %t, want %t", id, text, g != nil, valid)
				}
			}
			core := section(version, -1, 0)
			for i := range values {
				for value := range uint64(4) {
					must(section(version, i, value), value < 3)
				}
			}
			for other := range uint64(64) {
				valid := slices.Contains(versions, other) || id >= sectionMD // whose version is that of an agreement
				if text := section(other, -1, 0); id != sectionUS && (id < sectionMD || other != uint64(id)) {
					must(text, valid)
				} else if !valid {
					must(text, false)
				}
			}
			for kind := range uint64(4) {
				// of the subsection: 1 is GPC's; where there is sensitive data instead, they are values
				must(core+"."+new(signaltest.Bits).Put(2, kind).Put(1, 1).Put(13, 0).Text(), kind == 1 && id <= sectionMD ||
					kind < 3 && id > sectionMD)
				must(core+"."+new(signaltest.Bits).Put(2, kind).Put(1, 0).Put(13, 0).Text(), kind == 1 && id <= sectionMD ||
					kind < 3 && id > sectionMD)
			}
			for i := range 7 {
				w := new(signaltest.Bits).Put(2, 1)
				for range i {
					w.Put(2, 0)
				}
				must(core+"."+w.Put(2, 3).Text(), false)
			}
			header := func(id, version, n uint64) string {
				return new(signaltest.Bits).Put(6, id).Put(6, version).Put(12, n).Text()
			}
			must(header(uint64(id), 1, 0)+"."+core, id >= sectionMD)
			must(header(uint64(id), 1, 0)+core, id >= sectionMD)
			must(header(uint64(id), 1, 0), false)
			must(header(uint64(id), 2, 0)+core, false)
			must(header(uint64(id), 2, 0)+"."+core, false)
			must(header(uint64(id), 1, 1)+"."+core, false)
			must(core+".", false)
			must("."+core, false)
			must(core+"."+core+"."+core, false)
			must(core+strings.Repeat("A", maxUS-len(core)), true)
			must(core+strings.Repeat("A", maxUS+1-len(core)), false)
		}
	}
}

// TestBrokenHeadersOfDocuments: what is wrong with the header that the documents of the late states put first is
// said by its own name, whether the core stands behind it or in a subsection of its own.
func TestBrokenHeadersOfDocuments(t *testing.T) {
	t.Parallel()
	header := func(id, version, n int) *signaltest.Bits {
		return new(signaltest.Bits).Put(6, uint64(id)).Put(6, uint64(version)).Put(12, uint64(n))
	}
	for id := sectionMD; id <= lastSection; id++ {
		core := lateCore(id).Text()
		say := func(what, text string, want fault) {
			t.Helper()
			var s usSection
			if got := s.read(id, []byte(text)); got != want {
				t.Errorf("section %d, %s: %s is %q, want %q", id, what, text, faultWords[got], faultWords[want])
			}
		}
		for version := range 64 {
			want := sectionVersion
			if version == 1 {
				want = fine
			}
			say("version", header(id, version, 0).Text()+"."+core, want)
			say("version", header(id, version, 0).Text()+core, want)
		}
		ids := header(id, 1, 2).Put(1, 0)
		ids.Codes(1)
		ids.Put(1, 0)
		ids.Codes(1)
		say("ids of subsections", ids.Text()+"."+core, fine)
		for n := 1; n < 4; n++ {
			say("ids that are missing", header(id, 1, n).Text()+"."+core, truncated)
		}
		say("an id without an end", header(id, 1, 1).Put(1, 0).Put(30, 0).Text(), endlessCode)
		say("a range without an end", header(id, 1, 1).Put(1, 1).Raw("110").Text(), truncated)
		say("no core", header(id, 1, 0).Text()+".", truncated)
		say("alone", header(id, 1, 0).Text(), truncated)
		three := new(signaltest.Bits).Put(6, 1).Put(2, 3).Put(30, 0).Text()
		say("a core of 3", header(id, 1, 0).Text()+"."+three, valueThree)
	}
}

// TestSectionIDs: a header names sections 1 to 63.
func TestSectionIDs(t *testing.T) {
	for id := 1; id <= 80; id++ {
		section := map[int]string{sectionEU: typicalTC, sectionCA: "", sectionUSP: "1YNN"}[id]
		if id == sectionCA || id >= sectionUS && id <= lastSection {
			continue // TestVectorGPPValid, TestUSLayouts
		}
		if section == "" {
			section = "anything"
		}
		if g := agreeGPP(t, signaltest.GPPHead(id)+"~"+section); (g != nil) != (id <= 63) {
			t.Errorf("section %d: %t", id, g != nil)
		}
	}
	for _, last := range []int{61, 62, 63, 64, 65, 200, 46368} { // of a range that begins with 2 and 60
		for _, first := range []int{2, 60} {
			w := new(signaltest.Bits).Put(6, 3).Put(6, 1).Put(12, 1).Put(1, 1)
			w.Codes(first, last-first)
			sections := strings.Repeat("~x", last-first+1)
			if first == 2 {
				sections = ""
			}
			if g := agreeGPP(t, w.Text()+sections); (g != nil) != (first == 60 && last <= 63) {
				t.Errorf("sections %d to %d: %t", first, last, g != nil)
			}
		}
	}
}

// TestMalformedFields: each field of a TC string that can be wrong by itself, each version and each kind of segment.
func TestMalformedFields(t *testing.T) {
	t.Parallel()
	build := func(change map[string]uint64, rest func(w *signaltest.Bits)) string {
		w := new(signaltest.Bits)
		put := func(name string, n int, v uint64) {
			if changed, ok := change[name]; ok {
				v = changed
			}
			w.Put(n, v)
		}
		put("version", 6, 2)
		w.Put(36, 17778528000).Put(36, 17778528000).Put(12, 10).Put(12, 1).Put(6, 0)
		put("language 1", 6, 4)
		put("language 2", 6, 13)
		w.Put(12, 120).Put(6, 5).Put(1, 1).Put(1, 0).Put(12, 0).Put(24, 1<<23).Put(24, 0).Put(1, 0)
		put("country 1", 6, 3)
		put("country 2", 6, 4)
		rest(w)
		return w.Text()
	}
	plain := func(w *signaltest.Bits) { w.Put(16, 0).Put(1, 0).Put(16, 0).Put(1, 0).Put(12, 0) }
	must := func(what, text string, valid bool) {
		t.Helper()
		if s := agreeTC(t, text); (s != nil) != valid {
			t.Errorf("%s: %t, want %t", what, s != nil, valid)
		}
	}
	for v := range uint64(64) {
		must("version", build(map[string]uint64{"version": v}, plain), v == 2)
		for _, letter := range []string{"language 1", "language 2", "country 1", "country 2"} {
			must(letter, build(map[string]uint64{letter: v}, plain), v <= 25)
		}
	}
	whole := build(nil, plain)
	for kind := range uint64(8) {
		segment := new(signaltest.Bits).Put(3, kind).Put(16, 0).Put(1, 0)
		if kind == 3 {
			segment = new(signaltest.Bits).Put(3, kind).Put(24, 0).Put(24, 0).Put(6, 0)
		}
		must("a segment", whole+"."+segment.Text(), kind >= 1 && kind <= 3)
		must("a segment twice", whole+"."+segment.Text()+"."+segment.Text(), false)
	}
	for _, r := range []struct {
		highest, first, last uint64
		valid                bool
	}{{9, 1, 9, true}, {9, 9, 9, true}, {9, 1, 10, false}, {9, 0, 3, false}, {9, 4, 3, false}, {9, 10, 10, false},
		{65535, 65535, 65535, true}, {0, 1, 1, false}} {
		must("a range", build(nil, func(w *signaltest.Bits) {
			w.Put(16, r.highest).Put(1, 1).Put(12, 1).Put(1, 1).Put(16, r.first).Put(16, r.last).Put(16, 0).Put(1, 0).Put(12, 0)
		}), r.valid)
		must("a range of interests", build(nil, func(w *signaltest.Bits) {
			w.Put(16, 0).Put(1, 0).Put(16, r.highest).Put(1, 1).Put(12, 1).Put(1, 1).Put(16, r.first).Put(16, r.last).Put(12, 0)
		}), r.valid)
	}
	for purpose := range uint64(64) {
		for kind := range uint64(4) {
			must("a restriction", build(nil, func(w *signaltest.Bits) {
				w.Put(16, 0).Put(1, 0).Put(16, 0).Put(1, 0).Put(12, 1).Put(6, purpose).Put(2, kind).Put(12, 1).Put(1, 0).Put(16, 5)
			}), purpose > 0 && kind < 3)
		}
	}
	must("as long as may be", whole+strings.Repeat("A", MaxTC-len(whole)), true)
	must("too long", whole+strings.Repeat("A", MaxTC+1-len(whole)), false)
	if g := agreeGPP(t, signaltest.GPPHead(40)+"~"+strings.Repeat("x", MaxGPP-1-len(signaltest.GPPHead(40)))); g == nil {
		t.Error("a GPP string as long as may be")
	}
	if g := agreeGPP(t, signaltest.GPPHead(40)+"~"+strings.Repeat("x", MaxGPP-len(signaltest.GPPHead(40)))); g != nil {
		t.Error("a GPP string that is too long")
	}
}

// TestBrokenCanada: TCF Canada with ranges of either kind, restrictions as a set and as a field, broken at each
// character, each version and each kind of segment.
func TestBrokenCanada(t *testing.T) {
	t.Parallel()
	core := func(version uint64) *signaltest.Bits {
		w := new(signaltest.Bits).Put(6, version).Put(36, 17778528000).Put(36, 17778528000).Put(12, 10).Put(12, 1).Put(6,
			0).Put(6, 4).Put(6, 13)
		return w.Put(12, 120).Put(6, 5).Put(1, 0).Put(12, 0).Put(24, 0b101<<21).Put(24, 1<<20)
	}
	field := core(1).Put(16, 3).Put(1, 0).Put(3, 0b101).Put(16, 2).Put(1, 0).Put(2, 0b10).Put(12, 1).Put(6, 2).Put(2,
		1).Put(16, 4).Put(1, 0).Put(4, 0b0110)
	ranges := core(1).Put(16, 40).Put(1, 1).Put(12, 2).Put(1, 1)
	ranges.Codes(3, 4)
	ranges.Put(1, 0)
	ranges.Codes(9)
	ranges.Put(16, 0).Put(1, 0).Put(12, 1).Put(6, 3).Put(2, 0).Put(16, 30).Put(1, 1).Put(12, 1).Put(1, 1)
	ranges.Codes(5, 2)
	old := core(1).Put(16, 9).Put(1, 1).Put(12, 1).Put(1, 1).Put(16, 2).Put(16, 4).Put(16, 0).Put(1, 0).Put(12, 1).Put(6,
		4).Put(2, 2).Put(12, 1).Put(1, 0).Put(16, 7)
	short := core(1).Put(16, 1).Put(1, 0).Put(1, 1).Put(16, 1).Put(1, 0).Put(1, 0) // without restrictions
	disclosed := "." + new(signaltest.Bits).Put(3, 1).Put(16, 5).Put(1, 0).Put(5, 0b10101).Text()
	publisher := "." + new(signaltest.Bits).Put(3, 3).Put(24, 1).Put(24, 2).Put(6, 1).Put(1, 1).Put(1, 0).Text()
	head := signaltest.GPPHead(sectionCA) + "~"
	for _, text := range []string{field.Text(), ranges.Text() + disclosed, old.Text() + publisher + disclosed,
		short.Text() + publisher} {
		whole := agreeGPP(t, head+text)
		if whole == nil {
			t.Fatalf("%s is none", text)
		}
		for how, changed := range signaltest.Broken(text) {
			if g := agreeGPP(t, head+changed); g != nil && how == "outside" {
				t.Errorf("%s is a string", changed)
			}
		}
	}
	for v := range uint64(64) {
		text := core(v).Put(16, 0).Put(1, 0).Put(16, 0).Put(1, 0).Put(12, 0).Text()
		if g := agreeGPP(t, head+text); (g != nil) != (v == 1) {
			t.Errorf("version %d: %t", v, g != nil)
		}
	}
	for kind := range uint64(8) {
		segment := "." + new(signaltest.Bits).Put(3, kind).Put(16, 0).Put(1, 0).Text()
		if kind == 3 {
			segment = publisher
		}
		if g := agreeGPP(t, head+field.Text()+segment); (g != nil) != (kind == 1 || kind == 3) {
			t.Errorf("segment %d: %t", kind, g != nil)
		}
		if g := agreeGPP(t, head+field.Text()+segment+segment); g != nil {
			t.Errorf("segment %d twice is a string", kind)
		}
	}
}
