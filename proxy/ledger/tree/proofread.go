package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// readProof reads a proof file's members: all that there have to be, each once, and nothing else.
func readProof(file []byte) (*Proof, error) {
	d := json.NewDecoder(bytes.NewReader(file))
	members, err := readMembers(d, "format", "number", "record", "entry", "erased_by", "proof", "checkpoint")
	if err != nil {
		return nil, err
	}
	if rest := file[d.InputOffset():]; string(rest) != "\n" {
		return nil, fmt.Errorf("behind its end stand %s, and one line's end is right", plural.Of(len(rest), "byte"))
	}
	said, err := readText(members, "format")
	if err != nil {
		return nil, err
	}
	if said != format {
		return nil, fmt.Errorf("format: %q is what this version reads", format)
	}
	p := new(Proof)
	if p.Number, err = readNumber(members["number"]); err != nil {
		return nil, err
	}
	if err := p.readRecord(members); err != nil {
		return nil, err
	}
	if p.path, err = readPath(members); err != nil {
		return nil, err
	}
	p.signed, err = readText(members, "checkpoint")
	return p, err
}

// readRecord reads the record's line, or what stands for it.
func (p *Proof) readRecord(members map[string]json.RawMessage) (err error) {
	_, erased := members["erased_by"]
	_, entry := members["entry"]
	if _, there := members["record"]; there {
		if erased || entry {
			return errors.New(`"record" stands beside "entry" or "erased_by", and only one of the two is right`)
		}
		p.Line, err = readLine(members)
		p.Entry = EntryOf(p.Line)
		return err
	}
	if !erased {
		return errors.New(`the member "record" is missing, or "entry" and "erased_by" where it was erased`)
	}
	text, err := readText(members, "entry")
	if err != nil {
		return err
	}
	hash, err := decodeHash(text)
	if err != nil {
		return fmt.Errorf("entry: %w", err)
	}
	p.Entry = Entry(hash)
	d := json.NewDecoder(bytes.NewReader(members["erased_by"]))
	by, err := readMembers(d, "number", "record", "proof")
	if err == nil {
		p.By = new(Wanted)
		p.By.Number, err = readNumber(by["number"])
	}
	if err == nil {
		p.By.Line, err = readLine(by)
	}
	if err == nil {
		p.byPath, err = readPath(by)
	}
	if err != nil {
		return fmt.Errorf("erased_by: %w", err)
	}
	return nil
}

// readMembers reads an object.
func readMembers(d *json.Decoder, known ...string) (map[string]json.RawMessage, error) {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		name, is := token.(string)
		if err != nil || !is {
			return nil, fmt.Errorf("byte %d: it is no JSON", d.InputOffset())
		}
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%q is no member of it", name)
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("the member %q is there twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("%s: it is no JSON, or not whole", name)
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("it is not whole: the last bracket is missing")
	}
	return members, nil
}

// readText reads a member that is a text.
func readText(members map[string]json.RawMessage, name string) (text string, err error) {
	value, there := members[name]
	if !there {
		return "", fmt.Errorf("the member %q is missing", name)
	}
	if value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return "", fmt.Errorf("%s: a text is right", name)
	}
	return text, nil
}

// readLine reads the member that is a record, byte for byte.
func readLine(members map[string]json.RawMessage) ([]byte, error) {
	line, there := members["record"]
	if !there {
		return nil, errors.New(`the member "record" is missing`)
	}
	if line[0] != '{' || bytes.IndexByte(line, '\n') >= 0 {
		return nil, errors.New("record: the JSON object of one line of the log is right")
	}
	return line, nil
}

// readPath reads the member that is a proof: hashes from the leaf's sibling up.
func readPath(members map[string]json.RawMessage) (tlog.RecordProof, error) {
	value, there := members["proof"]
	if !there {
		return nil, errors.New(`the member "proof" is missing`)
	}
	var list []string
	if value[0] != '[' || json.Unmarshal(value, &list) != nil {
		return nil, errors.New("proof: a list of hashes is right")
	}
	if len(list) > maxBits {
		return nil, fmt.Errorf("proof: it has %s, and no tree is that high", plural.Of(len(list), "hash"))
	}
	path := make(tlog.RecordProof, len(list))
	for i, text := range list {
		var err error
		if path[i], err = decodeHash(text); err != nil {
			return nil, fmt.Errorf("proof: hash %d: %w", i+1, err)
		}
	}
	return path, nil
}
