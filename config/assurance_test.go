package config

import "testing"

// TestThePagesOwnNameIsRead: an assessment that sends people where the notice sends them, by the same name, names the
// preference centre in each language.
func TestThePagesOwnNameIsRead(t *testing.T) {
	t.Parallel()
	for _, how := range []string{
		"In the privacy settings of the site", "In den Datenschutzeinstellungen der Website",
		"Dans les paramètres de confidentialité du site",
	} {
		if !mentions(how, centreWords) {
			t.Error(how)
		}
	}
	if mentions("By letter to our office", centreWords) {
		t.Error("a letter is no preference centre")
	}
}
