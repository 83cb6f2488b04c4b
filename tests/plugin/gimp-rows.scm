; SPDX-License-Identifier: LGPL-3.0-or-later
; What gimp-test.c lets GIMP do: for each kind of drawable, translate it, then save and say what has become of it.
; Before it the test puts (define folder "...") and the words in which GIMP 2.10 and 3.0 differ.

(define out (open-output-file (string-append folder "/said.txt")))

(define (say key value)
  (display key out) (display ": " out) (display value out) (newline out))

(define (path name) (string-append folder "/" name))

; With the detail and the apply that everyone has who does not touch them.
(define (translate image drawable model mode size strength output)
  (translate-so image drawable model mode size 0.7 0 strength output))

(define (row-so name picture mode size detail apply-what strength output)
  (let* ((image (open-picture picture)) (layer (only-layer image)))
    (say (string-append name "-same")
         (= layer (translate-so image layer "tiny" mode size detail apply-what strength output)))
    (save image layer (string-append name "-replaced.png"))))

(define (row name picture mode size strength output)
  (row-so name picture mode size 0.7 0 strength output))

(define (say-layers key image)
  (say key (map (lambda (layer) (car (gimp-item-get-name layer))) (layers image))))

; --- replacing: size modes, strengths, colours
(row "rgb" "rgb.png" 0 512 1.0 1)
(row "half" "rgb.png" 0 512 0.5 1)
(row "size" "rgb.png" 1 20 1.0 1)
(row "full" "rgb.png" 2 512 1.0 1)
(row-so "painterly" "rgb.png" 1 20 0.0 0 1.0 1)
(row-so "sharp" "rgb.png" 1 20 1.0 0 1.0 1)
(row-so "colour" "rgb.png" 1 20 0.5 1 1.0 1)
(row-so "light" "rgb.png" 1 20 0.5 2 0.5 1)
(row "rgba" "rgba.png" 0 512 1.0 1)
(row "grey" "grey.png" 0 512 1.0 1)
(row "deep" "deep.png" 0 512 1.0 1)
(row "adobe" "adobe.png" 0 512 1.0 1)
(row "pixel" "pixel.png" 0 512 1.0 1)

(let* ((image (open-picture "rgb.png")))
  (gimp-image-convert-precision image PRECISION-FLOAT-LINEAR)
  (translate image (only-layer image) "tiny" 0 512 1.0 1)
  (gimp-image-convert-precision image PRECISION-U16-NON-LINEAR)
  (save image (only-layer image) "float-replaced.png"))

; --- the values of the last time, not those of the call
(define (row-last)
  (let* ((image (open-picture "rgb.png")))
    (translate-again image (only-layer image))
    (save image (only-layer image) "last-replaced.png")))

(say "version" version)
(if (= version 2) (row-last))

; --- a new layer: of a picture with alpha, hidden by nothing
(let* ((image (open-picture "rgba.png"))
       (layer (only-layer image))
       (result (translate image layer "tiny" 0 512 1.0 0)))
  (say-layers "new-layers" image)
  (say "new-position" (car (gimp-image-get-item-position image result)))
  (say "new-source-active" (= layer (only-layer image)))
  (say "new-mask" (car (gimp-layer-get-mask result)))
  (save image result "new.png")
  (save image layer "new-source.png"))

; --- strength 0 is the picture itself
(let* ((image (open-picture "rgba.png")))
  (save image (translate image (only-layer image) "tiny" 0 512 0.0 0) "zero.png"))

; --- a layer that is smaller than the image, half of it outside, in a group
(let* ((image (car (gimp-image-new 64 64 RGB)))
       (group (new-group image))
       (layer (car (gimp-file-load-layer RUN-NONINTERACTIVE image (path "rgb.png")))))
  (gimp-image-insert-layer image group 0 0)
  (gimp-image-insert-layer image layer group 0)
  (gimp-layer-set-offsets layer 30 40)
  (let* ((result (translate image layer "tiny" 0 512 1.0 0)))
    (say "small-offsets" (offsets result))
    (say "small-in-group" (= group (car (gimp-item-get-parent result))))
    (say "small-position" (car (gimp-image-get-item-position image result)))
    (save image result "small-replaced.png"))
  ; the group itself: its projection, above it
  (let* ((result (translate image group "tiny" 0 512 1.0 0)))
    (say "group-parent" (car (gimp-item-get-parent result)))
    (say "group-position" (car (gimp-image-get-item-position image result)))
    (say "group-size" (list (width result) (height result))))
  (say "group-replaced" (translate image group "tiny" 0 512 1.0 1)))

; --- a feathered selection
(define (select image)
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE 8 6 28 22)
  (gimp-selection-feather image 5))

; As the selection that it stands for: masks and channels are stored differently.
(define (save-mask image layer name)
  (gimp-image-select-item image CHANNEL-OP-REPLACE (car (gimp-layer-get-mask layer)))
  (save image (car (gimp-selection-save image)) name)
  (gimp-selection-none image))

(let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
  (select image)
  (translate image layer "tiny" 0 512 1.0 1)
  (save image layer "selected.png")
  (save image (car (gimp-selection-save image)) "selection.png"))

(let* ((image (open-picture "rgb.png")))
  (select image)
  (let* ((result (translate image (only-layer image) "tiny" 0 512 1.0 0)))
    (save image result "selected-layer-replaced.png")
    (save-mask image result "selected-mask.png")))

; --- a layer that has a mask already
(let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
  (select image)
  (gimp-layer-add-mask layer (car (gimp-layer-create-mask layer ADD-MASK-SELECTION)))
  (gimp-selection-none image)
  (let* ((result (translate image layer "tiny" 0 512 1.0 0)))
    (save-mask image result "kept-mask.png"))
  (say "mask-translated" (translate image (car (gimp-layer-get-mask layer)) "tiny" 0 512 1.0 0)))

; --- what GIMP 3 has besides
(live-rows)
(several-rows)

; --- what cannot be
(let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
  (say "channel-translated" (translate image (new-channel image "Depth") "tiny" 0 512 1.0 0))
  (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 0 0 9 9)
  (gimp-layer-set-offsets layer 20 20)
  (say "unselected-translated" (translate image layer "tiny" 0 512 1.0 1))
  (gimp-selection-none image)
  (say "nameless-translated" (translate image layer "" 0 512 1.0 1))
  (say "missing-translated" (translate image layer "missing" 0 512 1.0 1))
  (say "broken-translated" (translate image layer "broken" 0 512 1.0 1))
  (if (= version 2) (say "mode-translated" (translate image layer "tiny" 3 512 1.0 1)))
  (if (= version 2) (say "strength-translated" (translate image layer "tiny" 0 512 1.5 1)))
  (gimp-item-set-lock-content layer TRUE)
  (say "locked-translated" (translate image layer "tiny" 0 512 1.0 1))
  (say-layers "refused-layers" image)
  (save image layer "refused.png")
  (say "locked-copied" (> (translate image layer "tiny" 0 512 1.0 0) 0))
  (gimp-item-set-lock-content layer FALSE)
  (gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-GENERATE 8 FALSE FALSE "")
  (say "indexed-translated" (translate image layer "tiny" 0 512 1.0 1)))

(say "end" #t)
(close-output-port out)
