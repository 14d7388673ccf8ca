package signal

import "github.com/tagwarden/tagwarden/rules/signal/cmp"

// Chosen tells which consent categories an id stands for in the consent object that an SDK puts into its events, as the
// site maps it, or by default where it maps none. Of is empty for an id that stands for none here. Necessary is true of
// ids that nobody chooses: a platform names them granted whatever the visitor chose.
func (r *Reader) Chosen(id []byte) (of Categories, necessary bool) {
	of = r.chosen.ids[string(id)]
	return of, of == 0 && necessaryIDs[string(id)]
}

var necessaryIDs = func() map[string]bool {
	ids := map[string]bool{"necessary": true, "strictly_necessary": true, "essential": true}
	for id, category := range cmp.OneTrust.DefaultCategories() {
		if category == "necessary" {
			ids[id] = true
		}
	}
	return ids
}()
