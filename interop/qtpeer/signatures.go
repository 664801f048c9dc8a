package qtpeer

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/go-qtro/qtro/interop/peers"
)

var signatureLine = regexp.MustCompile(`(?s)class (\w+)Source : public QObject\s*\{` +
	`.*?QCLASSINFO_REMOTEOBJECT_SIGNATURE, "([0-9a-f]+)"`)

// Signatures returns the class signatures that repc of Qt major computed for the peers' .rep files.
func Signatures(major int) (map[string]string, error) {
	dir, err := Build(major)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range peers.RepNames {
		text, err := os.ReadFile(filepath.Join(dir, "rep", "rep_"+name+"_source.h"))
		if err != nil {
			return nil, fmt.Errorf("read what repc made: %w", err)
		}
		for _, m := range signatureLine.FindAllSubmatch(text, -1) {
			all[string(m[1])] = string(m[2])
		}
	}
	return all, nil
}
