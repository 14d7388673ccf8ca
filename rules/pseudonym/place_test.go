package pseudonym

import "testing"

// TestFormatOf: the format of a pseudonym goes by the id's text: that of the vendor's own ids first.
func TestFormatOf(t *testing.T) {
	t.Parallel()
	none, matomo, ga := Formats(0), Formats(0).With(Hex16), Formats(0).With(GACid).With(UUID)
	for _, c := range []struct {
		of   Formats
		id   string
		want Format
	}{
		{none, "cust-48213", Text}, {none, "48213", Text}, {none, "", Text}, {none, "jane@example.com", Text},
		{none, "836f82db-9912-4b34-8101-1f16b49dfa5f", UUID},
		{none, "$device:836f82db-9912-4b34-8101-1f16b49dfa5f", MixpanelDevice}, {none, "fb.1.1700000000000.1234567890", FBP},
		{none, "1234567890.1700000000", GACid},
		{none, "0123456789abcdef", Hex16}, {none, "1234567890123456", Text}, {matomo, "1234567890123456", Hex16},
		{matomo, "0123456789ABCDEF", Hex16}, {matomo, "123456789012345", Text},
		{matomo, "0123456789abcdef0", Text}, {ga, "555.666", GACid}, {none, "555.666", Text}, {ga, "5.6.7", Text},
		{ga, "GA1.1.1234567890.1700000000", GACookie},
		{none, "0123456789abcdef0123456789abcdef", Hex32},
	} {
		if got := c.of.FormatOf([]byte(c.id)); got != c.want {
			t.Errorf("%q among %b: %v, want %v", c.id, c.of, got, c.want)
		}
	}
	free := map[Format]bool{Auto: true, UUID: true, Text: true, MixpanelDevice: true, AmplitudeDevice: true}
	for f := range numFormats {
		if f.Free() != free[f] {
			t.Errorf("%v takes any id: %t", f, f.Free())
		}
	}
	for id, want := range map[string]string{
		"836f82db-9912-4b34-8101-1f16b49dfa5f": "^$device:836f82db-9912-4b34-8101-1f16b49dfa5f", "cust-1": "^cust-1",
		"$device:x": "^$device:x"} {
		if got, more := Formats(0).With(MixpanelDevice).AppendShared([]byte("^"), []byte(id)); string(got) != want ||
			more != (len(want) > len(id)+1) {
			t.Errorf("%q is made of %q, more %t", id, got, more)
		}
		if got, more := ga.AppendShared(nil, []byte(id)); string(got) != id || more {
			t.Errorf("%q is made of %q elsewhere", id, got)
		}
	}
}
