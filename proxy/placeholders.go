package proxy

import (
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/rules"
)

// warnPlaceholders says by which placeholders objections stand: earlier versions took them. No event is looked up by
// one any more, or everybody who has no identifier would have objected; so they are in force for nobody, and somebody
// has to know.
func (s *Server) warnPlaceholders() {
	snapshot := s.snapshot.Load()
	keys := snapshot.keys.Load()
	if keys == nil || s.objections.Head().Size == 0 {
		return
	}
	var standing []string
	for _, name := range rules.IdentityNames() {
		for _, text := range rules.PlaceholderTexts() {
			ids, err := snapshot.Policy.Identities(keys, name, []byte(text))
			if err != nil { // none of that name: no address is in it, no hash
				continue
			}
			own := func(id rules.Identity) bool { // as it is, not a hash that other names have as well
				return id.Space == name || strings.HasPrefix(id.Space, name+":")
			}
			if slices.ContainsFunc(ids, func(id rules.Identity) bool { return own(id) && s.stands(id) }) {
				standing = append(standing, name+"="+text)
			}
		}
	}
	if len(standing) > 0 {
		s.opts.Log.Warn("objections stand by what is no identifier, as an earlier version took them: "+
			"they are in force for nobody; `tagwarden objections withdraw` takes them back", zap.Strings("ids", standing))
	}
}

// stands tells whether something is in force for an identifier. What cannot be looked up is told of elsewhere.
func (s *Server) stands(id rules.Identity) bool {
	scopes, err := s.objections.Lookup(id.Hash)
	return err == nil && scopes.Any()
}
