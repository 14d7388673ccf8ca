package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/api"
)

// tokenVerbs are what can be done with tokens.
func tokenVerbs() []verb {
	return []verb{
		{"create", "--name NAME --role ROLE... [--expires 90d]", "make a token, and show it once", tokenCreate},
		{"list", "[--format text|json]", "list tokens, with their roles and when they were last used", tokenList},
		{"revoke", "NAME", "take one back, at once", tokenRevoke},
	}
}

func token(ctx context.Context, t *terminal, args []string) int {
	return t.group(ctx, "token", tokenVerbs(), args)
}

// tokens reaches what tokens are made with, and does something with it.
func (t *terminal) tokens(file string, do func(c *client) int) int {
	loaded, code := loadOrServing(t, file)
	if loaded == nil {
		return code
	}
	c, err := t.openTokens(loaded)
	if err != nil {
		return t.failed(err)
	}
	code = do(c)
	if err := c.close(); err != nil {
		return t.failed(err)
	}
	return code
}

func tokenCreate(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("token create", "--name NAME --role ROLE... [--expires 90d] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	asked := struct {
		Name    string     `json:"name"`
		Roles   []string   `json:"roles"`
		Expires *time.Time `json:"expires,omitempty"`
	}{}
	f.StringVar(&asked.Name, "name", "", "what it is called: by that name the ledger says who took an objection")
	f.Func("role", "what it is for, may be given again: "+access.RoleNames(), func(given string) error {
		if !access.Role(given).Known() {
			return errors.New(strings.TrimPrefix(strict.SuggestionElse(given, roleNames()), ": "))
		}
		if slices.Contains(asked.Roles, given) {
			return errors.New("it is given twice")
		}
		asked.Roles = append(asked.Roles, given)
		return nil
	})
	f.Func("expires", "after which time it ends, in days: 90d; never", func(given string) error {
		days, err := strconv.Atoi(strings.TrimSuffix(given, "d"))
		if err != nil || days < 1 || days > 36500 {
			return errors.New("90d is")
		}
		at := t.now().UTC().Truncate(time.Second).AddDate(0, 0, days)
		asked.Expires = &at
		return nil
	})
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if asked.Name == "" || len(asked.Roles) == 0 {
		t.fail("--name and --role are needed: roles are %s", access.RoleNames())
		return usage
	}
	return t.tokens(*file, func(c *client) int {
		var got api.Made
		if err := c.call(ctx, http.MethodPost, "/tokens", asked, &got); err != nil {
			return t.failed(err)
		}
		printf(t.out, "%s\n", got.Token)
		t.hint("it is shown this once: only its hash is kept; send it as Authorization: Bearer TOKEN")
		return fine
	})
}

// roleNames lists the roles.
func roleNames() (names []string) {
	for _, role := range access.Roles() {
		names = append(names, string(role))
	}
	return names
}

func tokenList(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("token list", "--config FILE [--format text|json]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	form := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	return t.tokens(*file, func(c *client) int {
		var got api.TokenList
		if err := c.call(ctx, http.MethodGet, "/tokens", nil, &got); err != nil {
			return t.failed(err)
		}
		if *form == "json" {
			printJSON(t.out, got, "  ")
			return fine
		}
		table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
		printf(table, "name\troles\tcreated\texpires\tlast used\n")
		for _, one := range got.Tokens {
			expires := "never"
			if one.Expires != nil {
				expires = one.Expires.Format(time.DateOnly)
				if !t.now().Before(*one.Expires) {
					expires += " (over)"
				}
			}
			var roles []string
			for _, role := range one.Roles {
				roles = append(roles, string(role))
			}
			printf(table, "%s\t%s\t%s\t%s\t%s\n", one.Name, strings.Join(roles, " "), one.Created.Format(time.DateOnly),
				expires, cmp.Or(one.Used, "-"))
		}
		_ = table.Flush()
		return fine
	})
}

func tokenRevoke(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("token revoke", "NAME --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which token? `tagwarden token list` lists them")
		return usage
	}
	return t.tokens(*file, func(c *client) int {
		name := map[string]string{"name": rest[0]}
		var got api.Revoked
		if err := c.call(ctx, http.MethodDelete, "/tokens", name, &got); err != nil {
			return t.failed(err)
		}
		if got.Untold {
			printf(t.out, "%s is revoked: it opens nothing any more on this node, and on the others when they can be told\n",
				rest[0])
			return fine
		}
		printf(t.out, "%s is revoked: it opens nothing any more\n", rest[0])
		return fine
	})
}
