import QtQuick
import QtQuick.Controls.Basic

// A button that is filled with a colour when it is checked, or is held down.
Button {
    id: choice

    property color accent: "#2f3a4a"

    font { pixelSize: 15; weight: Font.DemiBold }
    contentItem: Text {
        text: choice.text
        font: choice.font
        color: choice.checked || choice.down ? "#ffffff" : "#b6c0ce"
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
    }
    background: Rectangle {
        radius: 10
        color: choice.checked || choice.down ? choice.accent : choice.hovered ? "#2b3442" : "#242c38"
        border.color: choice.visualFocus ? "#8fa3bf" : "transparent"
    }
}
