package pseudonym

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// made are ways in which vendors make identifiers.
var made = map[string]struct {
	of   func(r *rand.Rand) string
	form Format
}{
	"Google Analytics cid": {func(r *rand.Rand) string {
		return fmt.Sprintf("%d.%d", 1+r.IntN(1<<31-1)|1<<20, 1_700_000_000+r.IntN(90_000_000))
	}, GACid},
	"cookie _ga": {func(r *rand.Rand) string {
		return fmt.Sprintf("GA1.%d.%d.%d", 1+r.IntN(2), 1_000_000+r.IntN(1<<31-1_000_001), 1_700_000_000+r.IntN(90_000_000))
	}, GACookie},
	"Matomo _id":           {func(r *rand.Rand) string { return fmt.Sprintf("%015x", r.Uint64()>>4) + "f" }, Hex16},
	"Snowplow duid":        {uuid, UUID},
	"Amplitude device_id":  {uuid, UUID},
	"Mixpanel distinct_id": {func(r *rand.Rand) string { return "$device:" + uuid(r) }, MixpanelDevice},
	"Mixpanel user":        {func(r *rand.Rand) string { return fmt.Sprintf("cust-%d", r.IntN(1e9)) }, Text},
	"cookie _fbp": {func(r *rand.Rand) string {
		return fmt.Sprintf("fb.%d.17%011d.%d", r.IntN(3), r.IntN(1e11), r.Uint32())
	}, FBP},
	"MD5": {func(r *rand.Rand) string {
		return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	}, Hex32},
	"session id of GA4": {func(r *rand.Rand) string {
		return strconv.Itoa(1_700_000_000 + r.IntN(90_000_000))
	}, Digits},
	"session of Amplitude": {func(r *rand.Rand) string {
		return strconv.Itoa(1_700_000_000_000 + r.IntN(90_000_000_000))
	}, Digits},
}

func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12),
		0x8000+r.IntN(1<<14), r.Uint64()>>16)
}

// TestEveryVendorsForm: whatever the identifier, its pseudonym has the form that the vendor
// expects, and is taken for one of that form.
func TestEveryVendorsForm(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	key := TestRoot.SubjectKey()
	ready := key.Hasher()
	for name, kind := range made {
		for range 2000 {
			id := []byte(kind.of(random))
			if got := Shape(id); got != kind.form {
				t.Fatalf("%s: %s has the form %v", name, id, got)
			}
			mac := ready.Pseudonym(id, random.IntN(3)*32)
			for f := range numFormats {
				want := f
				if other, ok := (map[Format]Format{Auto: kind.form, AmplitudeDevice: UUID})[f]; ok {
					want = other
				}
				got := AppendFormat(nil, &mac, f, id)
				if !forms[want].Match(got) || Shape(got) != want && want != Hex16 { // 16 hex digits may all be decimal ones
					t.Fatalf("%s: %s as %v is %s", name, id, f, got)
				}
			}
		}
	}
}

// TestNeverTheSameTwice: over many identifiers, no two vendors, purposes or periods have a pseudonym in common, save
// for the shortest form, digits, in which two visitors may meet; there it is looked at for each identifier alone.
func TestNeverTheSameTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	var scopes []Scope
	for _, vendor := range []string{"ga4", "matomo", "ga4m"} {
		for _, purpose := range []string{"", "audience\n", "audience\nads\n"} {
			for _, r := range Rotations() {
				scopes = append(scopes, Scope{vendor, purpose, r})
			}
		}
	}
	var periods []*Keys
	state := TestRoot.State(noon)
	periods = append(periods, Derive(state.Chains(), scopes...))
	for _, later := range []int{1, 8, 32} {
		next := TestRoot.State(noon.AddDate(0, 0, later))
		periods = append(periods, Derive(next.Chains(), scopes...))
	}
	turned := state
	turned.Rekey([16]byte{1}, Rotations(), false)
	periods = append(periods, Derive(turned.Chains(), scopes...))
	for _, kind := range made {
		seen := map[string]bool{}
		for range 150 {
			id := []byte(kind.of(random))
			if kind.form == Digits {
				clear(seen)
			}
			keys := map[[32]byte]bool{} // by what each makes of nothing
			for _, period := range periods {
				for _, s := range scopes {
					key, _ := period.For(s)
					of := key.MAC()
					if keys[of] {
						continue // a period of that rotation that has not ended
					}
					keys[of] = true
					mac := key.Pseudonym(id, 0)
					got := string(AppendFormat(nil, &mac, Auto, id))
					if seen[got] || got == string(id) {
						t.Fatalf("%s becomes %s twice", id, got)
					}
					seen[got] = true
				}
			}
			// 9 scopes a rotation: 5 days, 4 weeks, 3 months; what never changes did when it was rotated by hand.
			if len(keys) != 9*(5+4+3+2) {
				t.Fatalf("%d keys", len(keys))
			}
		}
	}
}
