package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// deployment is how a server runs that a folder is written for: what its server file says otherwise than where somebody
// tries it on a machine of their own.
type deployment struct {
	lines map[string]string // of the server file, by what those begin with that they stand in place of
	keeps bool              // the folder's data is the server's: the key state is made there
}

// deployments are those that are known. A line that an example does not have once is a fault of the program.
var deployments = map[string]deployment{
	"docker": {keeps: true, lines: map[string]string{
		"listen: ": "listen: 0.0.0.0:8080                # hits and the visitors' pages: publish it to your web " +
			"server",
		"admin: ": "admin: { listen: 0.0.0.0:8081 }     # metrics and health: publish it on loopback alone",
		"data: ":  "data: /data                         # key state and the forwarding log: a volume",
		"trusted_proxies:": "trusted_proxies: [172.16.0.0/12]    # whose X-Forwarded-For is believed: your web server, as " +
			"Docker's networks number it",
	}},
	"systemd": {lines: map[string]string{
		"data: ": "data: /var/lib/tagwarden            # key state and the forwarding log: the unit's StateDirectory",
		"keys: ": `keys: { root_command: [sh, -c, 'cat "$CREDENTIALS_DIRECTORY/root.key"'] }   # the root secret, handed over by the unit's LoadCredential`,
	}},
}

// Deployments lists how a server may run that a folder can be written for.
func Deployments() []string { return slices.Sorted(maps.Keys(deployments)) }

// deployed has the server file of an example say what holds of a deployment; "" leaves it as it is.
func deployed(server []byte, name string) ([]byte, error) {
	if name == "" {
		return server, nil
	}
	d, known := deployments[name]
	if !known {
		return nil, fmt.Errorf("there is no deployment %q%s", strict.Shortened(name), strict.Suggestion(name, Deployments()))
	}
	replaced := 0
	var out []string
	for line := range strings.SplitSeq(string(server), "\n") {
		for begins, is := range d.lines {
			if strings.HasPrefix(line, begins) {
				line = is
				replaced++
				break
			}
		}
		out = append(out, line)
	}
	if replaced != len(d.lines) {
		return nil, errors.New("BUG: the example does not have the lines that depend on where it runs")
	}
	return []byte(strings.Join(out, "\n")), nil
}
