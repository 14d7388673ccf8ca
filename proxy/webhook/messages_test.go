package webhook

import "io"

// messages are all that waits for a receiver to be told of an act.
func messages(r *Receiver, a *Act, key *[32]byte, random io.Reader) ([][]byte, error) {
	acts, err := r.Acts(a)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, one := range acts {
		body, err := r.Message(one, key, random)
		if err != nil {
			return nil, err
		}
		all = append(all, body)
	}
	return all, nil
}
