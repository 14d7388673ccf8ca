package proxy

import (
	"errors"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
)

// PoliciesDir is where in a data folder policies are kept by their digests, for those who read the ledger later: see
// [config.CompileArchived]. Nothing takes one away: as long as a record may name a policy it belongs to the ledger.
func PoliciesDir(data string) string { return filepath.Join(data, "policies") }

// archive keeps a policy, and the texts that visitors choose by, before the first record names them.
func archive(loaded *config.Loaded, disk durable.Disk, log *zap.Logger) error {
	mended, err := loaded.Archive(durable.Files{Disk: disk}, PoliciesDir(loaded.Server.Data))
	for _, name := range mended {
		log.Warn("a policy's archive was damaged, and was written anew", zap.String("file", name))
	}
	return errors.Join(err, keepTexts(loaded, disk))
}

// openPolicies keeps the policy that the server starts with. Each later one is kept by Reload.
func openPolicies(s *Server) error { return archive(s.loaded, s.opts.Disk, s.opts.Log) }
