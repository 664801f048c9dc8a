package gogen

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

var (
	emptyValue  = regexp.MustCompile(`^(\{\s*\}|[\w:<>, ]+(\(\s*\)|\{\s*\}))$`)
	wrappedText = regexp.MustCompile(`^(?:QString|QStringLiteral|QLatin1String|QLatin1StringView|QByteArray|QByteArrayLiteral|QUrl|u8|u|L)?\s*[({]?\s*("(?:[^"\\]|\\.)*")(?:_s|_qs|_ba|_L1)?\s*[)}]?$`)
	constructed = regexp.MustCompile(`^(QPoint|QPointF|QSize|QSizeF|QRect|QRectF)\s*[({]([^(){}]*)[)}]$`)
	digitGroups = strings.NewReplacer("'", "")
)

// defaultOf returns a default value as a Go expression for core.Property.Default; empty, if there is none or it is the type's
// zero value.
func (u *unit) defaultOf(text string, t *qt.Type) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || emptyValue.MatchString(text) {
		return "", nil
	}
	expr, err := defaultExpr(text, t)
	if err != nil {
		return "", err
	}
	return expr, nil
}

func defaultExpr(text string, t *qt.Type) (string, error) {
	if e := t.Enum(); e != nil {
		return enumDefault(text, e)
	}
	if m := wrappedText.FindStringSubmatch(text); m != nil {
		s, err := strconv.Unquote(m[1])
		if err != nil {
			return "", fmt.Errorf("%s cannot be read", text)
		}
		return textDefault(s, t)
	}
	if m := constructed.FindStringSubmatch(text); m != nil {
		return constructedDefault(m[1], strings.Split(m[2], ","), t)
	}
	switch t.Zero().Any().(type) {
	case bool:
		if text == "true" || text == "false" {
			return text, nil
		}
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return strconv.FormatBool(n != 0), nil
		}
	case float32, float64:
		f, err := strconv.ParseFloat(strings.TrimRight(digitGroups.Replace(text), "fFlL"), 64)
		if err == nil && !math.IsInf(f, 0) {
			s := strconv.FormatFloat(f, 'g', -1, 64)
			if !strings.ContainsAny(s, ".e") {
				s += ".0"
			}
			return s, nil
		}
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return integerDefault(text, t)
	}
	return "", fmt.Errorf("%s is no value that is known of a %s", text, t)
}

// integerDefault returns an int where every platform's holds the number.
func integerDefault(text string, t *qt.Type) (string, error) {
	digits := strings.TrimRight(digitGroups.Replace(text), "uUlL")
	if n, err := strconv.ParseInt(digits, 0, 64); err == nil {
		if _, err := t.Value(n); err != nil {
			return "", fmt.Errorf("%s is out of the range of a %s", text, t)
		}
		if n == int64(int32(n)) {
			return strconv.FormatInt(n, 10), nil
		}
		return fmt.Sprintf("int64(%d)", n), nil
	}
	n, err := strconv.ParseUint(digits, 0, 64)
	if err != nil {
		return "", fmt.Errorf("%s is no integer", text)
	}
	if _, err := t.Value(n); err != nil {
		return "", fmt.Errorf("%s is out of the range of a %s", text, t)
	}
	return fmt.Sprintf("uint64(%d)", n), nil
}

func textDefault(s string, t *qt.Type) (string, error) {
	switch t.Zero().Any().(type) {
	case string:
		return strconv.Quote(s), nil
	case []byte:
		return fmt.Sprintf("[]byte(%q)", s), nil
	case qt.URL:
		return fmt.Sprintf("qt.URL(%q)", s), nil
	case nil:
		if t.IsVariant() {
			return strconv.Quote(s), nil
		}
	}
	return "", fmt.Errorf("%q is no %s", s, t)
}

// enumDefault takes enumerators with and without their scope, several for flags, and numbers.
func enumDefault(text string, e *qt.Enum) (string, error) {
	if n, err := strconv.ParseInt(text, 0, 32); err == nil {
		return strconv.FormatInt(n, 10), nil
	}
	var names []string
	for name := range strings.SplitSeq(text, "|") {
		name = strings.TrimSpace(name)
		names = append(names, name[strings.LastIndexByte(name, ':')+1:])
	}
	joined := strings.Join(names, "|")
	if len(e.Keys) == 0 {
		return "", fmt.Errorf("what %s stands for is said in C++ only: write its number", text)
	}
	if _, ok := e.Value(joined); !ok {
		return "", fmt.Errorf("%s is no value of %s", text, e.Name)
	}
	return strconv.Quote(joined), nil
}

var constructedFields = map[string]string{"QPoint": "X Y", "QSize": "Width Height", "QRect": "X Y Width Height"}

func constructedDefault(name string, args []string, t *qt.Type) (string, error) {
	if t.String() != name {
		return "", fmt.Errorf("a %s is no %s", name, t)
	}
	fields := strings.Fields(constructedFields[strings.TrimSuffix(name, "F")])
	if len(args) != len(fields) {
		return "", fmt.Errorf("a %s has %d numbers, not %d", name, len(fields), len(args))
	}
	for i, a := range args {
		f, err := strconv.ParseFloat(strings.TrimRight(strings.TrimSpace(a), "fF"), 64)
		if err != nil || !strings.HasSuffix(name, "F") && f != math.Trunc(f) {
			return "", fmt.Errorf("%s is no number for a %s", a, name)
		}
		args[i] = fields[i] + ": " + strconv.FormatFloat(f, 'g', -1, 64)
	}
	return fmt.Sprintf("%s{%s}", t.Go(), strings.Join(args, ", ")), nil
}
