package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Joined is what a new node begins with.
type Joined struct {
	Identity string // of the keys
	Acts     uint64 // of the cluster's log that it has done
}

// joiningFile is in a data folder while it is made of another node's copy.
const joiningFile = "joining"

// Join makes the data folder of a new node out of a backup of another node's: its keys, what stands by the objections
// of all, and its tokens, with how far it had come with them. The forwarding log, the queue and what that node has to
// tell others stay its own. The new folder must hold none of them yet; where a join broke off it begins anew.
func Join(loaded *config.Loaded, from string) (joined Joined, err error) {
	data := loaded.Server.Data
	if loaded.Server.Cluster == nil {
		return joined, errors.New("the server file names no cluster: add cluster: { name: ..., nats: [...] }")
	}
	state := filepath.Join(from, "keys", keys.StateFile)
	for _, path := range []string{state, filepath.Join(from, "objections", objection.FileName)} {
		if _, err := os.Stat(path); err != nil {
			return joined, fmt.Errorf("%s is no backup of a node, or one without its keys (tagwarden backup DIR): %w", from, err)
		}
	}
	lock, err := LockData(data)
	if err != nil {
		return joined, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	begun := filepath.Join(data, joiningFile)
	if brokeOff, err := joinBrokeOff(loaded); err != nil {
		return joined, err
	} else if brokeOff {
		err := errors.Join(os.RemoveAll(ObjectionsDir(data)), os.RemoveAll(KeysDir(data)),
			os.RemoveAll(filepath.Join(data, access.TokensFile)), os.RemoveAll(filepath.Join(data, order.FileName)))
		if err != nil {
			return joined, err
		}
	}
	for _, dir := range []string{KeysDir(data), ObjectionsDir(data), ledgerDir(loaded)} {
		empty, err := isEmpty(dir)
		if err != nil {
			return joined, err
		}
		if !empty {
			return joined, fmt.Errorf("%s is not empty: a node begins with a new data folder", dir)
		}
	}
	parsed, err := copiedKeys(state)
	if err != nil {
		return joined, err
	}
	joined.Identity = parsed.Identity()
	files := durable.Files{}
	if err := files.Write(begun, nil, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return joined, err
	}
	at, err := objection.CopyForNode(filepath.Join(from, "objections", objection.FileName), ObjectionsDir(data),
		joined.Identity, nil)
	if err != nil {
		return joined, err
	}
	joined.Acts = at.Seq
	if _, err := order.CopyForNode(filepath.Join(from, order.FileName), filepath.Join(data, order.FileName),
		nil); err != nil {
		return joined, err
	}
	tokens, err := os.ReadFile(filepath.Join(from, access.TokensFile))
	if err == nil && len(bytes.TrimSpace(tokens)) == 0 {
		err = fmt.Errorf("%s holds no tokens, it is empty: copy it again", filepath.Join(from, access.TokensFile))
	}
	if err == nil {
		err = files.Write(filepath.Join(data, access.TokensFile), tokens, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return joined, err
	}
	if err := files.Folder(KeysDir(data), 0o700); err != nil { // last: without keys nothing of it can be served
		return joined, err
	}
	if err := files.Write(filepath.Join(KeysDir(data), keys.StateFile), parsed.Append(nil), 0o600); err != nil {
		return joined, err
	}
	return joined, files.Remove(begun)
}

// Begun tells whether a node has its keys: it has joined, or it is a first one.
func Begun(loaded *config.Loaded) (bool, error) {
	if brokeOff, err := joinBrokeOff(loaded); brokeOff || err != nil {
		return false, err
	}
	_, err := os.Stat(filepath.Join(KeysDir(loaded.Server.Data), keys.StateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// joinBrokeOff tells whether a data folder is one that a join began to make, and that nobody has served: there is no
// record yet.
func joinBrokeOff(loaded *config.Loaded) (bool, error) {
	if _, err := os.Stat(filepath.Join(loaded.Server.Data, joiningFile)); err != nil {
		return false, ignoring(err, fs.ErrNotExist)
	}
	return isEmpty(ledgerDir(loaded))
}

// isEmpty tells whether there is nothing in a folder, or no such folder.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	return len(entries) == 0, ignoring(err, fs.ErrNotExist)
}

// ignoring is the error, or nil where it is that one.
func ignoring(err, one error) error {
	if errors.Is(err, one) {
		return nil
	}
	return err
}

// copiedKeys reads the key state of a copy. Unlike a server's own it may be read by a group: Kubernetes gives secrets
// to the group that a pod's processes have, and lets nobody but root own them.
func copiedKeys(file string) (pseudonym.State, error) {
	info, err := os.Stat(file)
	if err != nil {
		return pseudonym.State{}, err
	}
	if !info.Mode().IsRegular() {
		return pseudonym.State{}, fmt.Errorf("%s is no file: name the file of a copy's key state", file)
	}
	if mode := info.Mode().Perm(); mode&0o037 != 0 {
		return pseudonym.State{}, fmt.Errorf("%s can be read by others (mode %04o): `chmod 600 %s` makes it right",
			file, mode, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return pseudonym.State{}, err
	}
	parsed, err := pseudonym.ParseState(text)
	if err != nil {
		return pseudonym.State{}, fmt.Errorf("%s: %w", file, err)
	}
	return parsed, nil
}
