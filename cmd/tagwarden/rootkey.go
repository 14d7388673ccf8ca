package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// rootFor gets the root secret where key state is still to be made of it; the zero Root where it is not needed, or not
// there. One that others can read is refused even where it is not needed.
func rootFor(ctx context.Context, server *config.Server) (pseudonym.Root, error) {
	_, err := keys.Read(proxy.KeysDir(server.Data))
	lacking := errors.Is(err, fs.ErrNotExist) || errors.Is(err, pseudonym.ErrState)
	if command := server.Keys.RootCommand; len(command) > 0 {
		if !lacking {
			return pseudonym.Root{}, nil
		}
		return commandRoot(ctx, command)
	}
	root, err := fileRoot(server.Keys.Root)
	if lacking && !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	return pseudonym.Root{}, refusesRoot(err)
}

// refusesRoot is why the server does not start on the root secret's file though its keys are made: not that the file is
// not there, or not for it to read, which are as they should be.
func refusesRoot(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// readRoot gets the root secret from its file or its command.
func readRoot(ctx context.Context, server *config.Server) (pseudonym.Root, error) {
	if command := server.Keys.RootCommand; len(command) > 0 {
		return commandRoot(ctx, command)
	}
	return fileRoot(server.Keys.Root)
}

func commandRoot(ctx context.Context, command []string) (pseudonym.Root, error) {
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	asked := exec.CommandContext(within, command[0], command[1:]...) //nolint:gosec // the operator's own command
	text, err := asked.Output()
	if err != nil {
		return pseudonym.Root{}, fmt.Errorf("keys.root_command %s failed: %w", command[0], err)
	}
	return pseudonym.ParseRoot(string(bytes.TrimSpace(text)))
}

func fileRoot(path string) (pseudonym.Root, error) {
	info, err := os.Stat(path)
	if err != nil {
		return pseudonym.Root{}, fmt.Errorf("cannot read the root secret: %w", err)
	}
	if !info.Mode().IsRegular() {
		return pseudonym.Root{}, fmt.Errorf("cannot read the root secret: %s is no file: the file with the secret is "+
			"right, as `tagwarden init` writes it",
			path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return pseudonym.Root{}, fmt.Errorf("%s can be read by others (mode %04o): `chmod 600 %s` makes it right", path,
			info.Mode().Perm(), quotedPath(path))
	}
	text, err := namedfile.Read(path, namedfile.Secret)
	if err != nil {
		return pseudonym.Root{}, fmt.Errorf("cannot read the root secret: %w", err)
	}
	return pseudonym.ParseRoot(string(text))
}

// rootLies is where the root secret lies though it is not needed any more; "" where it does not.
func rootLies(server *config.Server) string {
	if len(server.Keys.RootCommand) > 0 || server.Keys.Root == "" {
		return ""
	}
	if _, err := os.Stat(server.Keys.Root); err != nil {
		return ""
	}
	return sprintf("the root secret still lies at %s: move it away, it can make every pseudonym again", server.Keys.Root)
}

// keyWarnings lists what an operator should know of the keys.
func keyWarnings(server *config.Server, now time.Time) []string {
	dir := proxy.KeysDir(server.Data)
	state, err := keys.Read(dir)
	lies := rootLies(server)
	switch {
	case errors.Is(err, fs.ErrNotExist) && lies == "" && len(server.Keys.RootCommand) == 0:
		return []string{sprintf(
			"there is neither a key state (%s) nor a root secret to make it of (%s): the server will not start",
			dir, server.Keys.Root)}
	case errors.Is(err, fs.ErrNotExist): // the server makes it when it starts
		if len(server.Keys.RootCommand) > 0 {
			return nil
		}
		if _, err := fileRoot(server.Keys.Root); err != nil {
			return []string{sprintf("the server would not take the root secret to make its keys of: %v", err)}
		}
		return nil
	case err != nil:
		return []string{sprintf("%v: the server will not start without the root secret, or a copy of the folder", err)}
	}
	var all []string
	if lies != "" {
		all = append(all, lies)
		root, err := fileRoot(server.Keys.Root)
		if refused := refusesRoot(err); refused != nil {
			all = append(all, sprintf("%v: the server will not start while it lies there so", refused))
		}
		if err == nil {
			if made := root.State(now); made.Identity() != state.Identity() {
				all = append(all, sprintf("the root secret %s is not the one that the key state %s was made from",
					server.Keys.Root, dir))
			}
		}
	}
	switch {
	case now.Before(state.Since()):
		all = append(all, sprintf("the clock is behind the key state: pseudonyms do not change before %s",
			state.Until().Format(time.DateOnly)))
	case now.Sub(state.Since()) > proxy.LongestStop:
		all = append(all, sprintf("the key state is of %s: the server will forward nothing before "+
			"`tagwarden keys believe-clock --because` has said that the clock is right", state.Since().Format(time.DateOnly)))
	}
	return all
}

// testKeys are the keys that --keys names: a file with a root secret, a folder of key state or a data folder with one;
// without a name the published test key. They are as they are at a time.
func testKeys(name string, at time.Time) (pseudonym.State, error) {
	if name == "" {
		return pseudonym.TestRoot.State(at), nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return pseudonym.State{}, err
	}
	if !info.IsDir() {
		text, err := readNamed(name, mostNamed)
		if err != nil {
			return pseudonym.State{}, err
		}
		root, err := pseudonym.ParseRoot(string(text))
		if err != nil {
			return pseudonym.State{}, err
		}
		return root.State(at), nil
	}
	state, err := keys.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		state, err = keys.Read(filepath.Join(name, "keys"))
	}
	if err == nil {
		_, err = state.CatchUp(at) // in memory alone
	}
	return state, err
}
