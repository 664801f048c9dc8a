// Package rep reads, checks and writes .rep files, the language in which Qt Remote Objects interfaces are described, and
// computes the class signatures that Qt's repc computes from them, for Qt 5 and for Qt 6.
//
//	file, err := rep.Parse("thermostat.rep", text)  // err is an ErrorList
//	classes, err := file.Classes()                  // for core.NewSource and Node.Acquire; Classes takes several files
//	sigs, err := file.Signatures(rep.Qt6)
//
// # The language
//
//	#include <QtCore>                          // lines with # go to the generated code as they are
//	USE_ENUM(Qt::DayOfWeek)                    // an enum that is declared in C++
//	ENUM Season { Winter, Summer = 5 };        // outside of classes it is SeasonEnum::Season
//	POD Reading(qint64 stamp, double value)    // Qt 6 also: POD Reading { qint64 stamp, double value }
//	class Station
//	{
//	    ENUM Mode { Idle, Fault = -1 };        // Qt 6 also: ENUM class Mode : quint8 { … }
//	    FLAG(Modes Mode)                       // Qt 6: sets of the values of Mode
//	    PROP(int level = 3 READWRITE)          // READPUSH if nothing else is said
//	    PROP(QMap<QString, Reading> latest READONLY, PERSISTED)
//	    CLASS gauge(Gauge)                     // a child object
//	    MODEL rows(display, celsius)           // an item model, with its roles
//	    SIGNAL(crossed(int level))
//	    SLOT(Reading measure(const QString &unit, double value))
//	};
//
// Parse takes more than repc does: comments of both kinds anywhere, and blanks where repc stumbles over them. What the repc of
// one version does not take is said by Signatures, which has no signature then. Nothing here needs Qt to be installed.
//
// # Signatures
//
// A signature is the SHA-1 digest of what repc has understood of a class, which is not always what was meant: repc has no
// grammar of types and looks for blanks. "unsigned int x" is the parameter intx of type unsigned to it, white space in angle
// brackets counts, and so does the blank too many in "int  work()". Format keeps all of that, so that it never changes a
// signature; Lint points it out.
package rep
