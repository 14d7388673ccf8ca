package scrub

import "testing"

// TestNamesEndAtTheNextLabel: what a form sends in one line is told apart by its labels.
func TestNamesEndAtTheNextLabel(t *testing.T) {
	for text, want := range map[string]string{
		"Vorname: Zelphine Nachname: Quorvax":              "Vorname: [name] Nachname: [name]",
		"First name: Zelphine Last name: Quorvax":          "First name: [name] Last name: [name]",
		"first_name=Zelphine last_name=Quorvax":            "first_name=[name] last_name=[name]",
		"Nombre completo: Zelphine Apellidos: Quorvax":     "Nombre completo: [name] Apellidos: [name]",
		"Vorname: Zelphine Passwort: geheim77X":            "Vorname: [name] Passwort: [token]",
		"Vorname: Zelphine Marie Quorvax":                  "Vorname: [name]",
		"Vorname: Zelphine Quorvax: wartet":                "Vorname: [name]: wartet",
		"Vorname: Zelphine von Quorvax, Nachname: Quorvax": "Vorname: [name], Nachname: [name]",
	} {
		if got, _ := Append(nil, []byte(text), All); string(got) != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
