package minimise

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestIDsThatAreSomethingElse: on every basis but consent an identifier that proves to be something else does not pass,
// whatever class of ids it stands in; what only looks a little like it does.
func TestIDsThatAreSomethingElse(t *testing.T) {
	consented, others := testEnv(), testEnv()
	consented.Consented = true
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if !isID(class) {
			continue
		}
		keeps := must(t, Spec{Kind: Keep}, class)
		for _, id := range []string{
			"+49 151 23456789", "+4915123456789", "user:+4915123456789", "+49(0)30/9018-2011", "%2B4915123456789",
			"DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "4111111111111111", "4111 1111 1111 1111",
			"4111-1111-1111-1111",
			"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
		} {
			if got := text(t, keeps, id, others); got != dropped {
				t.Errorf("%v: %q leaves as %q", class, id, got)
			}
			if got := text(t, keeps, id, consented); got != id {
				t.Errorf("%v, with consent: %q becomes %q", class, id, got)
			}
		}
		for _, id := range []string{
			"jane.doe@example.com", "jane.doe%40example.com", "amFuZS5kb2VAZXhhbXBsZS5jb20=",
			"6a616e652e646f65406578616d706c652e636f6d",
		} {
			if a, b := text(t, keeps, id, others), text(t, keeps, id, consented); a != dropped || b != dropped {
				t.Errorf("%v: %q leaves as %q and %q", class, id, a, b)
			}
		}
		for _, id := range []string{
			"cust-48213", "KD-2026-004711", "48213", "+12345", "+1234567", "1234567890.1700000000", "555666777.1780000000",
			"0301234567", "0171 3920077",
			"4111111111111112", "0190f1a2-aaaa-4bbb-8ccc-0123456789ab", "0123456789abcdef", "203.0.113.77",
			"DE89370400440532013001", "a+b+c+d",
		} {
			if got := text(t, keeps, id, others); got != id {
				t.Errorf("%v: %q becomes %q", class, id, got)
			}
		}
	}
	// What has the very form of its vendor's ids is one, though it ends in a card's number.
	keeps := must(t, Spec{Kind: Keep}, hit.ClientID)
	for format, id := range map[pseudonym.Format]string{pseudonym.UUID: "41111111-1111-1111-8000-4111111111111",
		pseudonym.Hex16: "4111111111111111"} {
		got, outcome := apply(t, keeps, Value{Bytes: []byte(id), Format: format}, others)
		if inForm := pseudonym.Shape([]byte(id)) == format; inForm && got != id || !inForm && id == "4111111111111111" &&
			outcome != Dropped {
			t.Errorf("%v: %q becomes %q", format, id, got)
		}
	}
}

// TestIDsInTheFormOfTheirVendor: what an SDK writes is in its form; what is as free as text is in none.
func TestIDsInTheFormOfTheirVendor(t *testing.T) {
	const uuid = "0190f1a2-aaaa-4bbb-8ccc-0123456789ab"
	for format, want := range map[pseudonym.Format]bool{
		pseudonym.UUID: true, pseudonym.AmplitudeDevice: true, pseudonym.Text: false, pseudonym.Auto: false,
		pseudonym.GACid: false,
	} {
		if got := inForm(&Value{Bytes: []byte(uuid), Format: format}); got != want {
			t.Errorf("%v: %t", format, got)
		}
	}
}
